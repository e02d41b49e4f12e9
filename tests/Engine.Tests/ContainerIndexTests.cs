using Skep.Engine.Containerd;
using Skep.Engine.Oci;

namespace Skep.Engine.Tests;

public sealed class ContainerIndexTests
{
    private static readonly string[] Ids = ["aa01", "aa02", "ab03", "b004", "b005"];

    [Fact]
    public void Containers_are_found_by_id_name_and_beginning_of_an_id()
    {
        ContainerIndex index = New();
        index.Put(Container("aa02", "web"));
        index.Put(Container("aa01", "db"));
        Assert.Equal(["aa01", "aa02"], index.All.Select(c => c.Id));
        Assert.Equal("aa02", index.Find("aa02")!.Id);
        Assert.Equal("aa01", index.FindByName("db")!.Id);
        Assert.Equal(["aa01", "aa02"], index.FindByPrefix("aa", 2).Select(c => c.Id));
        Assert.Equal(["aa02"], index.FindByPrefix("aa02", 2).Select(c => c.Id));
        index.Remove("aa02");
        Assert.Null(index.Find("aa02") ?? index.FindByName("web"));
    }

    [Fact]
    public void A_name_goes_with_the_container_that_had_it_last()
    {
        ContainerIndex index = New();
        index.Put(Container("aa01", "web"));
        index.Put(Container("aa02", "web"));
        index.Remove("aa01");
        Assert.Equal("aa02", index.FindByName("web")!.Id);
        index.Put(Container("aa02", "other"));
        Assert.Null(index.FindByName("web"));
    }

    [Fact]
    public void What_was_written_here_meanwhile_is_newer_than_what_containerd_said()
    {
        ContainerIndex index = New();
        index.Put(Container("aa01", "old"));
        using (ContainerIndex.Reading reading = index.BeginReading())
        {
            index.Remove("aa01");
            index.Put(Container("aa02", "new"));
            reading.Apply("aa01", Container("aa01", "old"));
            reading.ApplyAll([Container("aa01", "old"), Container("ab03", "listed")]);
        }

        Assert.Equal(["aa02", "ab03"], index.All.Select(c => c.Id));
    }

    /// <summary>What was changed here last is so at every moment; once the events of all changes are worked off, the index is as one made from containerd's list.</summary>
    [Fact]
    public void Kept_by_events_it_is_as_rebuilt()
    {
        for (int seed = 0; seed < 500; seed++)
        {
            var random = new Random(seed);
            var present = new Dictionary<string, FoundContainer>(StringComparer.Ordinal);
            var events = new Queue<string>();
            var own = new HashSet<string>(StringComparer.Ordinal);
            ContainerIndex index = New();
            for (int step = 0; step < 60; step++)
            {
                string id = Ids[random.Next(Ids.Length)];
                switch (random.Next(4))
                {
                    case 0:
                        Change(id, isOwn: true);
                        break;
                    case 1:
                        Change(id, isOwn: false);
                        break;
                    case 2 when events.TryDequeue(out string? changed):
                        // containerd answers at some moment of the call; more happens around it.
                        using (ContainerIndex.Reading one = index.BeginReading())
                        {
                            Some();
                            FoundContainer? answer = present.GetValueOrDefault(changed);
                            Some();
                            one.Apply(changed, answer);
                        }

                        break;
                    case 3 when random.Next(5) == 0:
                        // The events broke off: what was told before the listing need not be asked for.
                        using (ContainerIndex.Reading all = index.BeginReading())
                        {
                            events.Clear();
                            Some();
                            FoundContainer[] listed = [.. present.Values];
                            Some();
                            all.ApplyAll(listed);
                        }

                        break;
                }

                Assert.All(own, last => Assert.Equal(present.GetValueOrDefault(last), index.Find(last)));
            }

            while (events.TryDequeue(out string? last))
            {
                using ContainerIndex.Reading reading = index.BeginReading();
                reading.Apply(last, present.GetValueOrDefault(last));
            }

            ContainerIndex rebuilt = New();
            using (ContainerIndex.Reading reading = rebuilt.BeginReading())
            {
                reading.ApplyAll(present.Values);
            }

            Assert.Equal(rebuilt.All, index.All);
            Assert.All(Ids, id => Assert.Equal(rebuilt.Find(id), index.Find(id)));
            Assert.All(Ids, id => Assert.Equal(rebuilt.FindByName("of-" + id), index.FindByName("of-" + id)));
            Assert.Equal(rebuilt.FindByPrefix("a", 9), index.FindByPrefix("a", 9));

            void Some()
            {
                for (int i = random.Next(3); i > 0; i--)
                {
                    Change(Ids[random.Next(Ids.Length)], isOwn: random.Next(2) == 0);
                }
            }

            void Change(string id, bool isOwn)
            {
                FoundContainer? next = random.Next(3) == 0 ? null : Container(id, "of-" + id) with { CreatedAt = DateTimeOffset.UnixEpoch.AddSeconds(random.Next(1000)) };
                present.Remove(id);
                if (next is not null)
                {
                    present[id] = next;
                }

                events.Enqueue(id);
                if (!isOwn)
                {
                    own.Remove(id);
                    return;
                }

                own.Add(id);

                if (next is null)
                {
                    index.Remove(id);
                }
                else
                {
                    index.Put(next);
                }
            }
        }
    }

    /// <summary>The answer to what was done here may come after others have changed the container again, and after, or amidst, the reading that their change brought about.</summary>
    [Fact]
    public void An_answer_that_came_late_leaves_neither_a_ghost_nor_a_gap()
    {
        for (int seed = 0; seed < 500; seed++)
        {
            var random = new Random(seed);
            var present = new Dictionary<string, FoundContainer>(StringComparer.Ordinal);
            var events = new Queue<string>();
            var answers = new Queue<(string Id, FoundContainer? Container)>();
            ContainerIndex index = New();
            index.Doubted = events.Enqueue;
            for (int step = 0; step < 60; step++)
            {
                switch (random.Next(6))
                {
                    case < 3:
                        Happen();
                        break;
                    case < 5 when events.TryDequeue(out string? changed):
                        Read(changed);
                        break;
                    case 5:
                        using (ContainerIndex.Reading all = index.BeginReading())
                        {
                            events.Clear();
                            Happen();
                            FoundContainer[] listed = [.. present.Values];
                            Happen();
                            all.ApplyAll(listed);
                        }

                        break;
                }
            }

            while (answers.Count > 0)
            {
                Answer();
            }

            while (events.TryDequeue(out string? last))
            {
                using ContainerIndex.Reading reading = index.BeginReading();
                reading.Apply(last, present.GetValueOrDefault(last));
            }

            Assert.Equal(present.Values.OrderBy(c => c.Id, StringComparer.Ordinal), index.All);

            void Happen()
            {
                if (random.Next(2) == 0)
                {
                    Answer();
                    return;
                }

                string id = Ids[random.Next(Ids.Length)];
                FoundContainer? next = random.Next(2) == 0 ? null : Container(id, "of-" + id) with { CreatedAt = DateTimeOffset.UnixEpoch.AddSeconds(random.Next(1000)) };
                present.Remove(id);
                if (next is not null)
                {
                    present[id] = next;
                }

                events.Enqueue(id);
                if (random.Next(2) == 0)
                {
                    answers.Enqueue((id, next));
                }
            }

            void Answer()
            {
                if (!answers.TryDequeue(out (string Id, FoundContainer? Container) answer))
                {
                    return;
                }

                if (answer.Container is null)
                {
                    index.Remove(answer.Id);
                }
                else
                {
                    index.Put(answer.Container);
                }
            }

            void Read(string id)
            {
                using ContainerIndex.Reading reading = index.BeginReading();
                Happen();
                FoundContainer? answer = present.GetValueOrDefault(id);
                Happen();
                reading.Apply(id, answer);
            }
        }
    }

    private static ContainerIndex New() => new(c => c.Labels.GetValueOrDefault("name"));

    private static FoundContainer Container(string id, string name)
        => new(id, "image", ValueMap<string, string>.Empty.Set("name", name), DateTimeOffset.UnixEpoch, SpecReader.Unreadable);
}
