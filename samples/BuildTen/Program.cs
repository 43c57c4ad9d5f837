// Builds the source packages of a folder on some slaves and leaves the .debs in another folder.
//   dotnet run -- SERIES ARCH INPUTS OUTPUTS SLAVE-URL...
// INPUTS holds chroot-SERIES-ARCH.tar.gz and for each source its .dsc and what that lists. The slaves fetch them from
// this program, which they must be able to reach at the address in BUILDTEN_URL (by default http://127.0.0.1:8300).
using Buildd.Debian.Packages;
using Buildd.Master;
using Buildd.Master.Builders;
using Buildd.Master.Builds;
using Buildd.Master.Inputs;
using Buildd.Master.Jobs.Packages;
using Buildd.Master.Notification;
using Buildd.Master.Uploads;
using Microsoft.Extensions.FileProviders;

[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]

if (args is not [var series, var arch, var inputs, var outputs, .. { Length: > 0 } slaves])
{
    Console.Error.WriteLine("usage: BuildTen SERIES ARCH INPUTS OUTPUTS SLAVE-URL...");
    return 2;
}

var url = new Uri(Environment.GetEnvironmentVariable("BUILDTEN_URL") ?? "http://127.0.0.1:8300");
var (builders, builds) = (new InMemoryBuilders(), new InMemoryBuilds());
foreach (var (i, slave) in slaves.Index())
    await builders.TryAddAsync(new Builder { Name = $"slave{i + 1}", Url = new Uri(slave), Processors = [arch], Manual = false });

var sources = new List<NewBuild>();
foreach (var path in Directory.GetFiles(inputs, "*.dsc").Order(StringComparer.Ordinal))
{
    var source = await SourceControl.ReadFileAsync(path);
    sources.Add(new PackageSpecification
    {
        Source = source.Source,
        Version = source.Version.ToString(),
        Series = series,
        ArchTag = arch,
        ArchIndep = true,
        Binaries = source.Binaries,
        Files = [new SourceFile(Path.GetFileName(path)), .. source.Files.Select(file => new SourceFile(file.Name))],
    }.ToNewBuild());
}

var program = WebApplication.CreateSlimBuilder();
program.Logging.SetMinimumLevel(LogLevel.Warning);
program.WebHost.UseUrls($"http://*:{url.Port}");
program.Services.AddBuildMaster(new MasterOptions { Root = Path.Combine(outputs, "farm"), PollInterval = TimeSpan.FromSeconds(2) },
    services => new BuildMasterParts
    {
        Builders = builders,
        Builds = builds,
        Queue = builds,
        Inputs = new DirectoryInputs(inputs, url),
        Uploads = new DirectoryUploadSink(builds, outputs, [new PackageJobKind()]),
        Notifier = new LoggingNotifier(services.GetRequiredService<ILogger<LoggingNotifier>>()),
    });
await using var app = program.Build();
app.UseStaticFiles(
    new StaticFileOptions { FileProvider = new PhysicalFileProvider(Path.GetFullPath(inputs)), ServeUnknownFileTypes = true });
await app.StartAsync();

var todo = (await builds.AddAsync(sources)).Select(build => build.Id).ToHashSet();
var bad = 0;
for (var after = 0L; todo.Count > 0;)
{
    await builds.WaitForChangeAsync(after, app.Lifetime.ApplicationStopping);
    foreach (var build in await builds.ReadChangesAsync(after, 1000))
    {
        after = build.Revision;
        if (build.Queue is not null || build.State == BuildState.Uploading || !todo.Remove(build.Id))
            continue;
        Console.WriteLine($"{build.State.ToTitle()}: {build.Title} {build.Reason}");
        bad += build.State == BuildState.FullyBuilt ? 0 : 1;
    }
}

await app.StopAsync();
return bad == 0 ? 0 : 1;
