using System.Text;
using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;

namespace Buildd.IntegrationTests.Wire.Scenarios;

/// <summary>
/// What a build of the reference did when the exchanges were recorded, step by step. Its programs were stubs there: each
/// said its own name.
/// </summary>
/// <param name="context">The build.</param>
/// <param name="target">Where the reference would have built: <c>chroot</c> or <c>lxd</c>.</param>
internal sealed class StubBuild(IBuildContext context, string target)
{
    private const string Bin = "/srv/buildd/share/bin/";
    private const string Chroot = "/srv/buildd/filecache-default/" + Scene.ChrootSum;

    /// <summary>Everything before the build proper.</summary>
    internal void Prepare(string? buildUrl = "https://launchpad.example/~me/+archive/+build/1")
    {
        PrepareToUnpack(buildUrl);
        InTarget("mount-chroot");
        InTarget("override-sources-list", "'deb http://archive.example/ubuntu noble main'");
        InTarget("update-debian-chroot");
    }

    internal void PrepareToUnpack(string? buildUrl = "https://launchpad.example/~me/+archive/+build/1")
    {
        if (buildUrl is not null)
            Say(buildUrl + "\n");
        Step("builder-prep", "", "preparing builder");
        InTarget("unpack-chroot", $"--image-type {target} {Chroot}");
    }

    /// <summary>The build proper of a binary package.</summary>
    internal void Sbuild(string says = "")
    {
        var id = context.Request.BuildId;
        Step("sbuild-package", $"{id} amd64 noble -c chroot:build-{id} --arch=amd64 --dist=noble --nolog hello_1.0-1.dsc", "building");
        Say(says);
    }

    /// <summary>Everything behind the build proper.</summary>
    internal void CleanUp()
    {
        InTarget("scan-for-processes");
        InTarget("umount-chroot");
        InTarget("remove-build");
    }

    /// <summary>A step inside the target.</summary>
    internal void InTarget(string operation, string arguments = "") => Step(
        "in-target",
        $"{operation} --backend={target} --series=noble --arch=amd64 "
            + $"{context.Request.BuildId}{(arguments.Length == 0 ? "" : " ")}{arguments}",
        operation);

    internal void Say(string text) => Say(Encoding.UTF8.GetBytes(text));

    internal void Say(ReadOnlySpan<byte> bytes) => context.Log.Write(bytes);

    internal async Task AddAsync(string name, string content)
    {
        var path = Path.Combine(context.Directory, "made");
        await File.WriteAllTextAsync(path, content);
        await context.AddResultAsync(path, name, CancellationToken.None);
    }

    /// <summary>The results of the package that was built all the time.</summary>
    internal async Task<BuildOutcome> AddHelloAsync()
    {
        await AddAsync("hello_1.0-1_amd64.changes", StandIns.Changes);
        await AddAsync("hello_1.0-1_amd64.deb", "deb bytes\n");
        await AddAsync("hello-dbgsym_1.0-1_amd64.ddeb", "ddeb bytes\n");
        return new BuildOutcome(BuildStatus.Ok);
    }

    private void Step(string program, string arguments, string says)
    {
        context.Log.WriteStep($"{Bin}{program} {arguments}");
        Say($"stub: {says}\n");
    }
}
