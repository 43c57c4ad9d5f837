// A farm for jobs of one's own: the kind CHECKSUMS, whose slave is samples/EmbeddedSlave. Prints the sums that a slave computed.
//   dotnet run -- SLAVE-URL ROOT FILE-URL SHA1
using System.Text;
using Buildd.Master;
using Buildd.Master.Builders;
using Buildd.Master.Builds;
using Buildd.Master.Inputs;
using Buildd.Master.Jobs;
using Buildd.Master.Uploads;
using Buildd.Protocol;
using Buildd.Protocol.XmlRpc;

[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]

if (args is not [var slave, var root, var url, var sha1])
{
    Console.Error.WriteLine("usage: CustomJob SLAVE-URL ROOT FILE-URL SHA1");
    return 2;
}

// No services, no host: the parts are plain objects.
var (builders, builds) = (new InMemoryBuilders(), new InMemoryBuilds());
IJobKind[] kinds = [new ChecksumsKind()];
await builders.TryAddAsync(new Builder { Name = "one", Url = new Uri(slave), Manual = false });
await using var master = new BuildMaster(new MasterOptions { Root = root, PollInterval = TimeSpan.FromSeconds(1) }, new BuildMasterParts
{
    Builders = builders,
    Builds = builds,
    Queue = builds,
    Inputs = new InMemoryInputs(),
    Uploads = new DirectoryUploadSink(builds, Path.Combine(root, "sums"), kinds),
    Kinds = kinds,
});
using var stop = new CancellationTokenSource();
var running = master.RunAsync(stop.Token);

var build = (await builds.AddAsync([new NewBuild
{
    JobType = ChecksumsKind.Name,
    Manager = "checksums",
    Title = $"checksums of {url}",
    Specification = Encoding.UTF8.GetBytes($"{url} {sha1}"),
}]))[0];
while (build.State != BuildState.FullyBuilt && (build.Queue is not null || build.State == BuildState.Uploading))
{
    await builds.WaitForChangeAsync(build.Revision);
    build = (await builds.FindAsync(build.Id))!;
}

Console.WriteLine(build.State == BuildState.FullyBuilt
    ? await File.ReadAllTextAsync(Path.Combine(root, "sums", build.Cookie.ToString(), "SHA256SUMS"))
    : build.ToString());
await stop.CancelAsync();
await running;
return build.State == BuildState.FullyBuilt ? 0 : 1;

/// <summary>Turns "URL SHA1" into a job with that one file; the slave's protocol wants a chroot, and the file serves as that too.</summary>
internal sealed class ChecksumsKind : IJobKind
{
    public const string Name = "CHECKSUMS";

    public string JobType => Name;

    public LeafContent LeafContent => LeafContent.Files;

    public Task<BuildDescription?> DescribeAsync(Build build, ReadOnlyMemory<byte> specification, CancellationToken cancellationToken) =>
        Task.FromResult<BuildDescription?>(new BuildDescription { Name = Encoding.UTF8.GetString(specification.Span) });

    public Task<Preparation> PrepareAsync(Dispatching dispatch, CancellationToken cancellationToken)
    {
        if (Encoding.UTF8.GetString(dispatch.Specification.Span).Split(' ') is not [var url, var sum] || !Sha1.TryParse(sum, out var sha1))
            return Task.FromResult<Preparation>(new Rejected(BuildState.FailedToBuild, "Its specification is not an address and a sum."));
        var file = new InputFile { Name = "input", Sha1 = sha1, Url = url };
        return Task.FromResult<Preparation>(new Ready(new BuildJob
        {
            Cookie = dispatch.Build.Cookie,
            BuilderTag = dispatch.Build.Manager,
            Chroot = file,
            Files = [file],
            Arguments = new XmlRpcStruct(),
        }));
    }

    public string LogName(Build build, ReadOnlyMemory<byte> specification, BuildState state) => "checksums.txt";
}
