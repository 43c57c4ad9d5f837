namespace Buildd.IntegrationTests.Kills;

/// <summary>The processes that a build of a test leaves behind.</summary>
internal static class Sleepers
{
    /// <summary>How many there are that sleep for just that time; a fraction in it tells them from those of other tests.</summary>
    internal static int Count(string nap) => Directory.EnumerateDirectories("/proc").Count(path =>
    {
        try
        {
            return File.ReadAllText(Path.Combine(path, "cmdline")) == $"sleep\0{nap}\0";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // no process, or ended meanwhile
        }
    });
}
