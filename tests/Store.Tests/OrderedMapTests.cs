namespace Skep.Store.Tests;

public sealed class OrderedMapTests
{
    private readonly record struct Number(int Value) : IComparable<Number>
    {
        public int CompareTo(Number other) => Value.CompareTo(other.Value);
    }

    private readonly struct Between(int first, int last) : IComparable<Number>
    {
        public int CompareTo(Number other) => other.Value < first ? 1 : other.Value > last ? -1 : 0;
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_map_agrees_with_a_sorted_dictionary_whatever_happens_to_it(int seed)
    {
        var random = new Random(seed);
        var expected = new SortedDictionary<int, int>();
        OrderedMap<Number, int> map = default;
        var token = new EditToken();
        for (int step = 0; step < 20_000; step++)
        {
            token = random.Next(8) == 0 ? new EditToken() : token;
            int key = random.Next(2000);
            if (random.Next(5) < 3 == (step / 4000 % 2 == 0))
            {
                expected[key] = step;
                map = map.Set(new Number(key), step, token);
            }
            else
            {
                expected.Remove(key);
                map = map.Remove(new Number(key), token);
            }

            if (step % 500 == 0)
            {
                int first = random.Next(2000);
                int last = first + random.Next(500);
                Assert.Equal(expected.Values, map.Range(default(Everything<Number>)));
                Assert.Equal(expected.Where(p => p.Key >= first && p.Key <= last).Select(p => p.Value), map.Range(new Between(first, last)));
                Assert.Equal(expected.Keys.Count(k => k >= first && k <= last), map.Range(new Between(first, last)).Count);
                Assert.Equal(expected.Count, map.Count);
            }
        }
    }
}
