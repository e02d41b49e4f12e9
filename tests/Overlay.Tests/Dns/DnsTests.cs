using System.Text;
using Skep.Overlay.Dns;

namespace Skep.Overlay.Tests;

public sealed class DnsTests
{
    public static byte[] Query(string name, ushort type, int? edns = null)
    {
        var bytes = new List<byte> { 0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, (byte)(edns is null ? 0 : 1) };
        foreach (string label in name.Split('.'))
        {
            bytes.Add((byte)label.Length);
            bytes.AddRange(Encoding.ASCII.GetBytes(label));
        }
        bytes.AddRange([0, (byte)(type >> 8), (byte)type, 0, 1]);
        if (edns is { } size)
        {
            bytes.AddRange([0, 0, 41, (byte)(size >> 8), (byte)size, 0, 0, 0, 0, 0, 0]);
        }

        return [.. bytes];
    }

    [Fact]
    public void Question_is_read_in_lower_case_with_its_edns_size()
    {
        Assert.True(DnsQuestion.TryParse(Query("Tasks.Web", 1, 1232), out DnsQuestion question));
        Assert.Equal(("tasks.web", (ushort)1, (int?)1232), (question.Name, question.Type, question.EdnsSize));
    }

    [Fact]
    public void Broken_questions_are_refused()
    {
        byte[] good = Query("tasks.web", 1);
        for (int length = 0; length < good.Length; length++)
        {
            Assert.False(DnsQuestion.TryParse(good.AsSpan(0, length), out _));
        }

        byte[] response = Query("web", 1);
        response[2] |= 0x80;
        Assert.False(DnsQuestion.TryParse(response, out _));
        byte[] compressed = Query("web", 1);
        compressed[12] = 0xc0;
        Assert.False(DnsQuestion.TryParse(compressed, out _));
    }

    [Fact]
    public void Random_bytes_never_throw()
    {
        var random = new Random(7);
        byte[] bytes = new byte[64];
        for (int i = 0; i < 20_000; i++)
        {
            random.NextBytes(bytes);
            bytes[2] = 1;
            bytes[4] = 0;
            bytes[5] = 1;
            if (DnsQuestion.TryParse(bytes, out DnsQuestion question))
            {
                Assert.InRange(DnsAnswer.Code(bytes, question, DnsCode.Refused).Length, 17, 64 + 11);
            }
        }
    }

    [Fact]
    public void Resolvconf_text_is_dockers()
    {
        Assert.Equal("nameserver 127.0.0.11\noptions ndots:0\n", new SandboxDns().ToResolvConf());
        Assert.Equal("nameserver 127.0.0.11\nsearch a b\noptions ndots:2 rotate\n",
            new SandboxDns { Search = ["a", "b"], Options = ["ndots:2", "rotate"] }.ToResolvConf());
    }
}
