using Buildd.Backends.Commands;
using Buildd.Backends.Root;
using Buildd.Linux.Processes;

namespace Buildd.Backends.Environments;

/// <summary>Whether overlays can be mounted in a slave's work folder: tried once, when it is asked for the first time.</summary>
/// <remarks>
/// All kinds of build of one slave share one: the try removes what unpacking has left unfinished, and so must be over before any
/// of them unpacks. May be asked from any thread.
/// </remarks>
public sealed class OverlayTrial
{
    private readonly Lock _lock = new();
    private Task<string?>? _result;

    /// <summary>Returns a sentence on why they can't; null when they can.</summary>
    /// <param name="access">How root is asked.</param>
    /// <param name="workDirectory">The work folder.</param>
    /// <param name="time">The clock.</param>
    public Task<string?> FindMistakeAsync(RootAccess access, string workDirectory, TimeProvider time)
    {
        lock (_lock)
            return _result ??= TryAsync(access, workDirectory, time);
    }

    private static async Task<string?> TryAsync(RootAccess access, string workDirectory, TimeProvider time)
    {
        if (access is RootAccess.AsRoot && !CurrentUser.IsRoot)
            return "it does not run as root";
        var scope = ProcessScope.Open("try-overlay", time: time);
        await using var closing = scope.ConfigureAwait(false);
        var said = new Complaint();
        try
        {
            var code = await RootRunner.In(access, workDirectory, scope, time).RunAsync(
                new RootOperation.TryOverlay(), default, said.Write, CancellationToken.None).ConfigureAwait(false);
            return code == 0 ? null : $"the try ended with exit code {code}: {said}";
        }
        catch (Exception e) when (e is RootOperationException or ProcessException)
        {
            return e.Message;
        }
    }
}
