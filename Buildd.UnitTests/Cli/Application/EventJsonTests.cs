using Buildd.Cli.Application;
using Buildd.Master;
using Buildd.Master.Builders;
using Buildd.Master.Builds;
using NUnit.Framework;

namespace Buildd.UnitTests.Cli.Application;

[Parallelizable(ParallelScope.All)]
public sealed class EventJsonTests
{
    private static readonly DateTimeOffset Time = new(2026, 3, 14, 15, 9, 26, TimeSpan.Zero);

    [Test]
    public async Task Each_event_is_one_line_with_the_documented_members()
    {
        var build = (
            await new InMemoryBuilds(TimeProvider.System)
                .AddAsync([new NewBuild { JobType = "PACKAGEBUILD", Title = "hello", Subject = "hello" }]))[0];
        var builder = new Builder { Name = "bob", Url = new Uri("http://bob:8221/"), Manual = false };
        MasterEvent[] events =
        [
            new BuildDispatched(build, "bob", TimeSpan.FromSeconds(1.5)),
            new BuildPhaseChanged(build, "unpack", null),
            new BuildPhaseChanged(build, "unpack", TimeSpan.FromSeconds(2.25)),
            new BuildProgressed(build, "chroot", 0.5),
            new BuildLogGrew(build, 4096),
            new BuildChanged(build, null),
            new BuildFinished(build with { Reason = "because" }),
            new BuilderChanged(builder),
            new EventsMissed(3),
        ];
        var output = new StringWriter { NewLine = "\n" };

        EventJson.WriteReady(output, "/srv/farm.sqlite", new Uri("http://127.0.0.1:8223"));
        foreach (var happened in events)
            EventJson.Write(output, happened with { Time = Time });

        static string At(string name, string members) => $$"""{"time":"2026-03-14T15:09:26+00:00","event":"{{name}}",{{members[1..]}}""";
        Assert.That(output.ToString().TrimEnd('\n').Split('\n'), Is.EqualTo(new[]
        {
            """{"event":"ready","store":"/srv/farm.sqlite","url":"http://127.0.0.1:8223/"}""",
            At("dispatched", """{"build":"PACKAGEBUILD-1","builder":"bob","seconds":1.5}"""),
            At("phase", """{"build":"PACKAGEBUILD-1","phase":"unpack","seconds":null}"""),
            At("phase", """{"build":"PACKAGEBUILD-1","phase":"unpack","seconds":2.25}"""),
            At("progress", """{"build":"PACKAGEBUILD-1","stage":"chroot","fraction":0.5}"""),
            At("log", """{"build":"PACKAGEBUILD-1","length":4096}"""),
            At("changed", """{"build":"PACKAGEBUILD-1","state":"NEEDSBUILD","builder":null,"reason":null}"""),
            At("finished", """{"build":"PACKAGEBUILD-1","state":"NEEDSBUILD","builder":null,"reason":"because"}"""),
            At("builder", """{"builder":"bob","in_service":true,"clean":"DIRTY","fail_notes":null}"""),
            At("missed", """{"count":3}"""),
        }));
    }

    [Test]
    public async Task What_a_slave_says_stays_on_its_line_and_can_not_command_a_terminal()
    {
        var build = (
            await new InMemoryBuilds(TimeProvider.System)
                .AddAsync([new NewBuild { JobType = "PACKAGEBUILD", Title = "hello", Subject = "hello" }]))[0];
        var output = new StringWriter { NewLine = "\n" };

        EventJson.Write(output, new BuildPhaseChanged(build, "a\n\u001b[2J\u009b", null));

        Assert.That(output.ToString().TrimEnd('\n').Where(c => c is < ' ' or > '~'), Is.Empty);
    }
}
