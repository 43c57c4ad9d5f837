using System.Diagnostics;
using System.Text;
using Buildd.Master;
using Buildd.Protocol.Messages;

namespace Buildd.Farm.Demo;

/// <summary>What a person sees of the demo: lines for steps and phases with their times, the log as it grows, a table at the end.</summary>
internal sealed class DemoReport(TextWriter output)
{
    /// <summary>The phase in which sbuild itself runs; the rest of a build is ours.</summary>
    private const string BuildingPhase = "sbuild";

    /// <summary>How much of the log of a failed build is shown at the end, in lines.</summary>
    private const int TailLines = 25;

    private readonly List<(string Name, TimeSpan Took)> _parts = [];
    private readonly List<(string Name, TimeSpan Took)> _phases = [];
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private bool _atLineStart = true;

    internal void Say(string text)
    {
        EndLog();
        output.WriteLine(Printable.Text(text)); // it may have words of the slave in it
    }

    internal void Add(string part, TimeSpan took) => _parts.Add((part, took));

    internal void AddPhases() => _parts.AddRange(_phases);

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

    internal ValueTask ObserveAsync(BuildEvent happened)
    {
        switch (happened)
        {
            case InputPresent input:
                Say($"ensurepresent: {input.Name} ({input.Info}) {Seconds(input.Duration)}");
                break;
            case BuildAccepted:
                Say("build: accepted");
                break;
            case StatusChanged { Status: not BuilderStatus.Building } status:
                Say($"status: {status.Status}");
                break;
            case PhaseEnded phase:
                _phases.Add((Printable.Text(phase.Name), phase.Duration));
                Say($"==> {phase.Name}: {Seconds(phase.Duration)}");
                break;
            case LogGrew log:
                Show(log.Bytes.Span);
                break;
            case ScanFailed failure:
                Say($"status: no answer ({failure.Reason}); again in {Seconds(failure.RetryIn)}");
                break;
            case AbortRequested:
                Say("abort: the slave was told");
                break;
            case FileFetched file:
                Say($"fetched: {file.Name} ({file.Size:N0} bytes) {Seconds(file.Duration)}");
                break;
            case SlaveCleaned clean:
                Say($"clean: {Seconds(clean.Duration)}");
                break;
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Whatever comes next starts on a line of its own.</summary>
    internal void EndLog()
    {
        if (!_atLineStart)
            output.WriteLine();
        _atLineStart = true;
    }

    internal void Summarise(TimeSpan whole)
    {
        Say("\nTime spent:");
        foreach (var (name, took) in _parts)
            output.WriteLine($"  {name,-10} {took.TotalSeconds,8:0.00} s");
        output.WriteLine($"  {"all",-10} {whole.TotalSeconds,8:0.00} s");
        if (_phases.Find(phase => phase.Name == BuildingPhase) is { Name: not null } building && whole > TimeSpan.Zero)
            output.WriteLine($"  outside {BuildingPhase}: {(whole - building.Took) / whole:P0} of the whole");
    }

    /// <summary>Says how a build failed, and shows the end of its log.</summary>
    internal async Task ShowFailureAsync(BuildOutcome outcome)
    {
        Say($"\nThe build failed: {outcome.Status}{(outcome.Dependencies.Length > 0 ? $", it waits for {Printable.Text(outcome.Dependencies)}" : "")}");
        if (outcome.LogPath is not { } path)
            return;

        var tail = new Queue<string>();
        await foreach (var line in File.ReadLinesAsync(path))
        {
            tail.Enqueue(line);
            if (tail.Count > TailLines)
                tail.Dequeue();
        }

        Say($"The end of its log:\n  {string.Join("\n  ", tail.Select(Printable.Text))}\nAll of it: {path}");
    }

    private void Show(ReadOnlySpan<byte> bytes)
    {
        var characters = new char[Encoding.UTF8.GetMaxCharCount(bytes.Length)];
        var text = Printable.Text(new string(characters, 0, _decoder.GetChars(bytes, characters, flush: false)));
        if (text.Length == 0)
            return;
        output.Write(text);
        _atLineStart = text[^1] == '\n';
    }

    private static string Seconds(TimeSpan time) => FormattableString.Invariant($"{time.TotalSeconds:0.00} s");
}
