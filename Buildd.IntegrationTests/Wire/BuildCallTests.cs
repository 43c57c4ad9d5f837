using System.Text;
using Buildd.IntegrationTests.Wire.Scenarios;
using Buildd.Linux.Processes;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Buildd.Testing.Files;
using Buildd.Testing.Runs;
using Buildd.Testing.Wire;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Wire;

/// <summary>Calls of <c>build</c> that were never recorded: hostile ones, and those of old masters.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public class BuildCallTests
{
    private const string Id = "<value><string>PACKAGEBUILD-1</string></value>";
    private const string FileName = "<name>hello_1.0-1.dsc</name>";
    private const string FileSum = "<value><string>" + Scene.DscSum + "</string></value>";

    [TestCase(Id, "<value/>")]
    [TestCase(Id, "<value><nil/></value>")]
    [TestCase(Id, "<value><int>0</int></value>")]
    [TestCase(Id, "<value><boolean>1</boolean></value>")]
    [TestCase(Id, "<value><double>1.5</double></value>")]
    [TestCase(Id, "<value><base64>QQ==</base64></value>")]
    [TestCase(Id, "<value><array><data/></array></value>")]
    [TestCase(Id, "<value><struct/></value>")]
    [TestCase(Id, "<value>..</value>")]
    [TestCase(Id, "<value>.</value>")]
    [TestCase(Id, "<value>a/b</value>")]
    [TestCase(Id, "<value>/</value>")]
    [TestCase(Id, "<value>../../x</value>")]
    [TestCase(Id, "<value>a&#10;b</value>")]
    [TestCase(Id, "<value>a&#127;b</value>")]
    [TestCase(FileName, "<name></name>")]
    [TestCase(FileName, "<name>..</name>")]
    [TestCase(FileName, "<name>../x.dsc</name>")]
    [TestCase(FileName, "<name>/etc/x.dsc</name>")]
    [TestCase(FileName, "<name>a&#13;.dsc</name>")]
    [TestCase(FileSum, "<value><int>5</int></value>")]
    [TestCase(FileSum, "<value><nil/></value>")]
    [TestCase("<string>binarypackage</string>", "<int>1</int>")]
    [TestCase("<string>" + Scene.ChrootSum + "</string>", "<nil/>")]
    [TestCase("<name>suite</name>", "<name>other</name>")]
    [TestCase("<name>ogrecomponent</name>", "<name>other</name>")]
    public async Task A_build_call_with_a_wrong_value_is_the_fault_and_changes_nothing(string right, string wrong)
    {
        await using var scene = await Scene.StartAsync();
        var request = Encoding.Latin1.GetString(StandIns.PutInto(WireCase.Get("build-ok").RequestBody));
        Assert.That(request, Does.Contain(right));

        var answer = Encoding.UTF8.GetString(await SendAsync(scene, request.Replace(right, wrong, StringComparison.Ordinal)));

        Assert.That(answer, Does.Contain("<int>8002</int>").And.Contain("<string>error</string>"));
        Assert.That((await scene.Slave.Client.StatusAsync()).Status, Is.EqualTo(BuilderStatus.Idle));
        Assert.That(Directory.GetDirectories(scene.Slave.WorkDirectory), Is.Empty);
        Assert.That(File.Exists(Path.Combine(scene.Slave.CacheDirectory, "buildlog")), Is.False);
    }

    [Test]
    public async Task A_build_after_a_refused_one_is_taken()
    {
        await using var scene = await Scene.StartAsync();
        await scene.SendAsync("build-no-dsc");

        await scene.BuildHelloAsync((_, _, _) => Task.FromResult(new Slave.Builds.BuildOutcome(BuildStatus.Ok)));
        await scene.Slave.WaitingAsync();

        Assert.That((await scene.Slave.Client.StatusAsync()).BuildStatus, Is.EqualTo(BuildStatus.Ok));
    }

    [Test]
    public async Task A_master_of_2014_drives_a_build()
    {
        Machine.Require(File.Exists("/usr/bin/python3"), "/usr/bin/python3");
        await using var scene = await Scene.StartAsync();
        XmlRpcStruct? arguments = null;
        scene.Slave.Backend(WireNames.Managers.BinaryPackage).Script = async (context, _) =>
        {
            arguments = context.Request.Arguments;
            await new StubBuild(context, "chroot").AddAsync("hello.deb", "deb bytes\n");
            return new Slave.Builds.BuildOutcome(BuildStatus.Ok);
        };
        var script = Scripts.Text(typeof(BuildCallTests), "Wire/old-master.py");

        var text = await ProcessRunner.CaptureAsync(Command.Of(
            "/usr/bin/python3", "-c", script, scene.Slave.Url.ToString(), Scene.ChrootSum, Scene.DscSum));

        Assert.That(text, Is.EqualTo(
            """
            BuilderStatus.IDLE
            [True, 'No URL'] [True, 'Cache']
            ['BuilderStatus.BUILDING', '22-33']
            BuildStatus.OK ['hello.deb']
            BuilderStatus.IDLE True

            """));
        Assert.That(arguments!.ContainsKey("series"), Is.False, "the argument that it doesn't know");
    }

    private static Task<byte[]> SendAsync(Scene scene, string body) => scene.Slave.SendAsync(Encoding.UTF8.GetBytes(
        $"POST /rpc HTTP/1.1\r\nHost: localhost\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}"));
}
