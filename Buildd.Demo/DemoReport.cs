using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Buildd.Linux.Text;

namespace Buildd.Demo;

/// <summary>
/// What a person sees of the demo: lines for steps and phases with their times, the log as it grows, a table at the end. Any
/// thread may call.
/// </summary>
internal sealed class DemoReport(TextWriter output)
{
    /// <summary>The phase in which sbuild itself runs; the rest of a build is ours.</summary>
    private const string BuildingPhase = "sbuild";

    /// <summary>How much of the log of a failed build is shown at the end, in lines.</summary>
    private const int TailLines = 25;

    private readonly Lock _lock = new();
    private readonly List<(string Name, TimeSpan Took)> _parts = [];
    private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _atLineStart = true;

    /// <summary>Draws how far an image is, a stage and a fraction; null draws nothing.</summary>
    internal ProgressBar? Bar { get; init; }

    /// <summary>The build that the farm tells of; null before it does.</summary>
    internal string? Cookie { get; private set; }

    /// <summary>Completed when the farm has said that builders are done with the build: all of its phases were told before.</summary>
    internal Task Finished => _finished.Task;

    /// <summary>A command of the farm as a person types it.</summary>
    internal static string Line(IReadOnlyList<string> arguments) => $"{Linux.Processes.Command.Of("buildd-farm", arguments)}";

    internal void Say(string text)
    {
        lock (_lock)
        {
            StartLine();
            output.WriteLine(Printable.Text(text)); // it may have words of the slave in it
        }
    }

    internal void Add(string part, TimeSpan took)
    {
        lock (_lock)
            _parts.Add((Printable.Text(part), took));
    }

    internal async Task<T> TimeAsync<T>(string what, string part, Func<Task<T>> step)
    {
        Say(what);
        var start = Stopwatch.GetTimestamp();
        var result = await step();
        Add(part, Stopwatch.GetElapsedTime(start));
        return result;
    }

    internal Task TimeAsync(string what, string part, Func<Task> step) =>
        TimeAsync(what, part, async () =>
        {
            await step();
            return true;
        });

    /// <summary>Takes a line of <c>buildd-farm run --json</c>.</summary>
    /// <returns>Whether it says that the farm is ready.</returns>
    internal bool Hear(string line)
    {
        using var document = JsonDocument.Parse(line);
        var happened = document.RootElement;
        string Text(string member) => happened.GetProperty(member).GetString() ?? "";
        TimeSpan? Seconds() => happened.GetProperty(
            "seconds") is { ValueKind: JsonValueKind.Number } seconds ? TimeSpan.FromSeconds(seconds.GetDouble()) : null;
        if (happened.TryGetProperty("build", out var build))
            Cookie ??= build.GetString();
        switch (Text("event"))
        {
            case "ready":
                return true;
            case "dispatched":
                Tell(Text("builder") + " took it", "dispatch", Seconds()!.Value);
                break;
            case "phase" when Seconds() is { } took:
                Tell("==> " + Text("phase"), Text("phase"), took);
                break;
            case "progress" when Bar is not null:
                lock (_lock)
                    _atLineStart = Bar.Draw(output, Text("stage"), happened.GetProperty("fraction").GetDouble());
                break;
            case "finished":
                _finished.TrySetResult();
                break;
        }

        return false;
    }

    /// <summary>Whatever comes next starts on a line of its own.</summary>
    internal void EndLog()
    {
        lock (_lock)
            StartLine();
    }

    /// <summary>Shows a piece of an output, whose decoder remembers where the last one was cut.</summary>
    internal void Show(ReadOnlySpan<byte> bytes, Decoder decoder)
    {
        var characters = new char[Encoding.UTF8.GetMaxCharCount(bytes.Length)];
        var text = Printable.Text(new string(characters, 0, decoder.GetChars(bytes, characters, flush: false)));
        if (text.Length == 0)
            return;
        lock (_lock)
        {
            if (Bar is not null)
                StartLine();
            output.Write(text);
            _atLineStart = text[^1] == '\n';
        }
    }

    internal void Summarise(TimeSpan whole)
    {
        lock (_lock)
        {
            StartLine();
            output.WriteLine("\nTime spent:");
            var rest = whole - new TimeSpan(_parts.Sum(part => part.Took.Ticks));
            foreach (var (name, took) in _parts.Append(("the rest", rest > TimeSpan.Zero ? rest : TimeSpan.Zero)).Append(("all", whole)))
                output.WriteLine(FormattableString.Invariant($"  {name,-10} {took.TotalSeconds,8:0.00} s"));
            if (_parts.FindLast(part => part.Name == BuildingPhase) is { Name: not null } building && whole > TimeSpan.Zero)
                output.WriteLine($"  outside {BuildingPhase}: {(whole - building.Took) / whole:P0} of the whole");
        }
    }

    /// <summary>Shows the end of a stored log.</summary>
    internal async Task ShowEndAsync(string path)
    {
        var tail = new Queue<string>();
        using (var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress)))
        {
            while (await reader.ReadLineAsync() is { } line)
            {
                tail.Enqueue(line);
                if (tail.Count > TailLines)
                    tail.Dequeue();
            }
        }

        Say($"The end of its log:\n  {string.Join("\n  ", tail)}\nAll of it: {path}");
    }

    private void Tell(string what, string part, TimeSpan took)
    {
        Add(part, took);
        Say(FormattableString.Invariant($"{what}: {took.TotalSeconds:0.00} s"));
    }

    private void StartLine()
    {
        if (Bar?.Erase(output) == true)
            _atLineStart = true;
        if (!_atLineStart)
            output.WriteLine();
        _atLineStart = true;
    }
}
