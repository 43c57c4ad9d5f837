using System.Text;
using Buildd.Backends.Environments;
using Buildd.Backends.Steps;
using Buildd.Linux.Processes;

namespace Buildd.UnitTests.Backends.DebianBuilds;

/// <summary>A build's system that notes what is written and run in it, and answers what a test says.</summary>
internal sealed class ScriptedSystem : BuildEnvironment
{
    /// <summary>The files that were written with everybody's reading.</summary>
    internal Dictionary<string, string> Files { get; } = [];

    /// <summary>What was run, with what the log was told and what it read.</summary>
    internal List<(Command Command, string? Description, string Input)> Ran { get; } = [];

    /// <summary>The exit code of a command.</summary>
    internal Func<Command, int> Answer { get; set; } = _ => 0;

    /// <summary>The output of a command.</summary>
    internal Func<Command, string> Says { get; set; } = _ => "";

    /// <summary>The build's folder; where it is given, commands that need no system are really run.</summary>
    internal string? Folder { get; init; }

    private protected override string BuildDirectory => Folder ?? throw new NotSupportedException();

    internal override async Task<int> RunInsideAsync(
        Command command, CancellationToken cancellationToken, ReadOnlyMemory<byte> input = default, OutputWriter? output = null,
        string? description = null)
    {
        Ran.Add((command, description, Encoding.UTF8.GetString(input.Span)));
        output?.Invoke(Encoding.UTF8.GetBytes(Says(command)));
        return Folder is null ? Answer(command) : (await ProcessRunner.RunAsync(command, output!, cancellationToken: cancellationToken))
            .ExitCode;
    }

    internal override Task WriteFileAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        Files[path] = Encoding.Latin1.GetString(content.Span);
        return Task.CompletedTask;
    }

    internal override Task<string?> FindMistakeAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    internal override Task UnpackAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    internal override Task MountAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    internal override Task<SbuildAccess> OpenToSbuildAsync(BuildUser user, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    internal override Task KillAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    internal override Task CloseToSbuildAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    internal override Task UnmountAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    internal override Task RemoveAsync(CancellationToken cancellationToken) => throw new NotSupportedException();
}
