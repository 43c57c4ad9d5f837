namespace Buildd.Backends.Steps;

/// <summary>A part of a build that fails by itself: whatever it throws is that build's, and cleaning up goes on.</summary>
internal static class BuildPart
{
    /// <summary>Runs a part.</summary>
    /// <returns>What went wrong; null when nothing did. The caller says so in the build's log.</returns>
    internal static async Task<Exception?> RunAsync(Func<Task> part)
    {
        try
        {
            await part().ConfigureAwait(false);
            return null;
        }
        catch (Exception e) // else mounts and processes of one build would be in the way of the next: the only catch of its kind here
        {
            return e;
        }
    }
}
