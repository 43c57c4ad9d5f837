namespace Buildd.IntegrationTests.Support;

/// <summary>
/// Looks at the command lines of all processes again and again, as any account of the machine may, for what must not be in one.
/// </summary>
internal sealed class ProcessListWatch : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly SortedSet<string> _found = new(StringComparer.Ordinal);
    private readonly string[] _needles;
    private readonly Task _watching;

    /// <summary>Begins to look.</summary>
    /// <param name="needles">The texts that are looked for.</param>
    internal ProcessListWatch(params string[] needles)
    {
        _needles = needles;
        _watching = Task.Run(Watch);
    }

    /// <summary>Ends the looking, and returns the command lines that had one of the texts in them.</summary>
    internal async Task<IReadOnlyCollection<string>> StopAsync()
    {
        await _stop.CancelAsync();
        await _watching;
        return _found;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private void Watch()
    {
        while (!_stop.Token.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(2)))
        {
            foreach (var folder in Directory.EnumerateDirectories("/proc").Where(path => char.IsAsciiDigit(path[^1])))
            {
                if (ReadCommandLine(folder) is { } line && _needles.Any(needle => line.Contains(needle, StringComparison.Ordinal)))
                    _found.Add(line);
            }
        }
    }

    private static string? ReadCommandLine(string folder)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, "cmdline")).Replace('\0', ' ');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // ended meanwhile
        }
    }
}
