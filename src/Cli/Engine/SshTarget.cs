using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Skep.Cli.Engine;

/// <summary>A machine whose daemon is reached through ssh: each connection is one ssh process that runs <c>system dial-stdio</c> there.</summary>
/// <remarks>Source: docker/cli:cli/connhelper. The far side has skep or docker; whichever is there is taken.</remarks>
internal sealed record SshTarget(string Destination, int? Port, string SocketPath)
{
    /// <summary><c>ssh://[user@]host[:port][/path/of/socket]</c>.</summary>
    /// <exception cref="CliException">It is none.</exception>
    public static SshTarget Parse(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? address) || address.Host.Length == 0)
        {
            throw new UnparsableHostException(text);
        }

        if (address.UserInfo.Contains(':', StringComparison.Ordinal))
        {
            throw new CliException("plain-text password is not supported");
        }

        if (address.Query.Length > 0 || address.Fragment.Length > 0)
        {
            throw new CliException($"ssh host connection is not valid: extra part after the path in {text}");
        }

        string host = address.Host.Trim('[', ']');
        return host.StartsWith('-') || address.UserInfo.StartsWith('-')
            ? throw new UnparsableHostException(text)
            : new SshTarget(address.UserInfo.Length > 0 ? $"{Uri.UnescapeDataString(address.UserInfo)}@{host}" : host, address.Port > 0 ? address.Port : null, address.AbsolutePath.TrimEnd('/'));
    }

    /// <summary>The words of the command.</summary>
    public IReadOnlyList<string> Arguments()
    {
        List<string> words = ["-o", "ConnectTimeout=30", "-T"];
        if (Port is { } port)
        {
            words.AddRange(["-p", port.ToString(CultureInfo.InvariantCulture)]);
        }

        string host = SocketPath.Length > 0 ? $"--host unix://{SocketPath} " : "";
        words.AddRange(["--", Destination, $"p=$(command -v skep || echo docker); exec \"$p\" {host}system dial-stdio"]);
        return words;
    }

    /// <exception cref="IOException">There is no ssh here.</exception>
    public Stream Open()
    {
        ProcessStartInfo start = new("ssh", Arguments()) { RedirectStandardInput = true, RedirectStandardOutput = true };
        try
        {
            return new ProcessStream(Process.Start(start) ?? throw new IOException("ssh did not start"));
        }
        catch (Win32Exception failure)
        {
            throw new IOException($"ssh: {failure.Message}", failure);
        }
    }

    /// <summary>A process's ends as one stream.</summary>
    private sealed class ProcessStream(Process process) : Stream, IHalfClosable
    {
        private readonly Stream _output = process.StandardOutput.BaseStream;
        private readonly Stream _input = process.StandardInput.BaseStream;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public void EndWriting() => process.StandardInput.Close();

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => _output.ReadAsync(buffer, cancellationToken);

        public override int Read(byte[] buffer, int offset, int count) => _output.Read(buffer, offset, count);

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await _input.WriteAsync(buffer, cancellationToken);
            await _input.FlushAsync(cancellationToken);
        }

        public override void Write(byte[] buffer, int offset, int count)
        {
            _input.Write(buffer, offset, count);
            _input.Flush();
        }

        public override void Flush() => _input.Flush();

        public override Task FlushAsync(CancellationToken cancellationToken) => _input.FlushAsync(cancellationToken);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                if (!process.HasExited)
                {
                    process.Kill();
                }

                process.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}

/// <summary>A stream whose writing end can be closed alone.</summary>
internal interface IHalfClosable
{
    void EndWriting();
}
