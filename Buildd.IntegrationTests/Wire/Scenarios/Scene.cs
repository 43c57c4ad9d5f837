using Buildd.Backends.BinaryPackage;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Buildd.Slave.Builds;
using Buildd.Testing.Wire;

namespace Buildd.IntegrationTests.Wire.Scenarios;

/// <summary>A slave that is brought to where the reference was when an exchange was recorded.</summary>
internal sealed class Scene : IAsyncDisposable
{
    internal const string ChrootSum = "c1d80674d731fd6af61ded171202b8424147b17b";
    internal const string DscSum = "9e9bbad9c3e64002f9acea45b5f784a616f4c3d4";

    private readonly List<Hold> _holds = [];

    private Scene(SlaveInProcess slave) => Slave = slave;

    internal SlaveInProcess Slave { get; }

    /// <summary>A slave with the files of the recordings in its cache, and binary packages' real check of arguments.</summary>
    internal static async Task<Scene> StartAsync()
    {
        var scene = new Scene(await SlaveInProcess.StartAsync());
        await scene.PutAsync(ChrootSum, "stands for a chroot");
        await scene.PutAsync(DscSum, "stands for a .dsc");
        await scene.PutAsync(StandIns.Sha1Of(StandIns.Orig), StandIns.Orig);
        var binaryPackage = new BinaryPackageBackend(new BinaryPackageOptions());
        scene.Slave.Backend(WireNames.Managers.BinaryPackage).Check = request => binaryPackage.Prepare(request);
        return scene;
    }

    /// <summary>A place for a build to stop at, until the test lets it go or is over.</summary>
    internal Hold NewHold()
    {
        var hold = new Hold();
        _holds.Add(hold);
        return hold;
    }

    /// <summary>Sends the request of a recorded exchange.</summary>
    internal Task<byte[]> SendAsync(string name) => SendAsync(WireCase.Get(name));

    /// <inheritdoc cref="SendAsync(string)"/>
    internal Task<byte[]> SendAsync(WireCase exchange) => Slave.SendAsync(StandIns.PutInto(exchange.Request));

    /// <summary>Has the package of the recordings built, by the recorded call.</summary>
    /// <param name="script">What the build does.</param>
    internal async Task BuildHelloAsync(Func<StubBuild, IBuildContext, CancellationToken, Task<BuildOutcome>> script)
    {
        Slave.Backend(WireNames.Managers.BinaryPackage).Script = (context, abort) =>
            script(new StubBuild(context, "chroot"), context, abort);
        await SendAsync("build-ok");
        await RequireBuildAsync("PACKAGEBUILD-1");
    }

    /// <summary>Has something built whose call was not recorded.</summary>
    internal async Task BuildAsync(
        string tag,
        string buildId,
        Func<StubBuild, IBuildContext, CancellationToken, Task<BuildOutcome>> script,
        XmlRpcStruct? arguments = null,
        string target = "lxd")
    {
        Slave.Backend(tag).Script = (context, abort) => script(new StubBuild(context, target), context, abort);
        await Slave.Client.BuildAsync(new BuildCall
        {
            BuildId = buildId,
            Builder = tag,
            ChrootSha1 = ChrootSum,
            FileMap = new Dictionary<string, string> { ["hello_1.0-1.dsc"] = DscSum },
            Arguments = arguments ?? [],
        });
        await RequireBuildAsync(buildId);
    }

    /// <summary>Puts a file into the cache, as if it had been fetched.</summary>
    private Task PutAsync(string sum, string content) => File.WriteAllTextAsync(Path.Combine(Slave.CacheDirectory, sum), content);

    private async Task RequireBuildAsync(string buildId)
    {
        var status = await Slave.Client.StatusAsync();
        if (status.BuildId != buildId)
            throw new InvalidOperationException($"the build {buildId} was not started; the slave is {status.Status}");
    }

    public ValueTask DisposeAsync()
    {
        _holds.ForEach(hold => hold.LetGo()); // else the slave waits for the build as long as it may
        return Slave.DisposeAsync();
    }
}
