// A web program with a slave in it. What it "builds" is a list of the SHA-256 sums of its inputs.
//   dotnet run -- --urls http://127.0.0.1:8221 --filecache /srv/filecache --workpath /srv/work
using System.Security.Cryptography;
using Buildd.Protocol.Messages;
using Buildd.Slave;
using Buildd.Slave.Builds;
using Buildd.Slave.Http;

[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]

var builder = WebApplication.CreateSlimBuilder(args);
builder.Services.AddBuilddSlave(slave =>
{
    slave.ArchitectureTag = "amd64";
    slave.FileCacheDirectory = builder.Configuration["filecache"] ?? "filecache";
    slave.WorkDirectory = builder.Configuration["workpath"] ?? "work";
    slave.Backends.Add(new ChecksumBackend());
});

var app = builder.Build();
app.MapGet("/", () => "a page of the program's own");
app.MapGet("/healthz", () => "a state of health of the program's own");
app.MapBuilddSlave();
app.Run();

/// <summary>Looks at what a master asks for: without inputs there is nothing to sum up.</summary>
internal sealed class ChecksumBackend : IBuildBackend
{
    public string Tag => "checksums";

    public IBuild Prepare(BuildRequest request) =>
        request.Files.Count > 0 ? new ChecksumBuild() : throw new RefusedException("there are no files to sum up");
}

/// <summary>Sums up the inputs, which are links in the build's folder, and hands over the list as the result.</summary>
internal sealed class ChecksumBuild : IBuild
{
    public async Task<BuildOutcome> RunAsync(IBuildContext context, CancellationToken abort)
    {
        var list = Path.Combine(context.Directory, "SHA256SUMS");
        foreach (var name in context.Request.Files.Keys)
        {
            await using var input = File.OpenRead(Path.Combine(context.Directory, name));
            var line = $"{Convert.ToHexStringLower(await SHA256.HashDataAsync(input, abort))}  {name}";
            context.Log.WriteLine(line);
            await File.AppendAllLinesAsync(list, [line], abort);
        }

        await context.AddResultAsync(list, null, abort);
        return new BuildOutcome(BuildStatus.Ok);
    }
}
