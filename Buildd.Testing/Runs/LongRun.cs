using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using NUnit.Framework;

namespace Buildd.Testing.Runs;

/// <summary>
/// A run at random. It says how many rounds there are: a sample, or the full length when the environment variable BUILDD_SOAK is 1, as
/// <c>make soak</c> sets it. It prints its seed, which BUILDD_SEED gives to a later run, and at its end what came of the rounds. A sample
/// may have a seed of its own, by which it is the same each time.
/// </summary>
/// <remarks>
/// A test that has one carries <see cref="Category"/>, by which scripts/soak finds it. At full length the lines go to standard error at
/// once, so that whoever waits sees how far it is; else they belong to the test's output.
/// </remarks>
public sealed class LongRun : IDisposable
{
    /// <summary>The category of all tests that have a long run.</summary>
    public const string Category = "LongRun";

    /// <summary>How each line begins; scripts/soak looks for it.</summary>
    private const string Prefix = "long run: ";

    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(15);

    private readonly string _kind;
    private readonly SortedDictionary<string, int> _outcomes = new(StringComparer.Ordinal);
    private readonly List<string> _remarks = [];
    private readonly CancellationTokenSource _interrupted = new();
    private readonly IDisposable[] _signals = [];
    private readonly long _start = Stopwatch.GetTimestamp();
    private TimeSpan _reported;
    private int _done;

    private LongRun(string kind, int rounds, int seed)
    {
        (_kind, Rounds, Seed, Random) = (kind, rounds, seed, new Random(seed));
        if (IsFull)
        {
            _signals = [.. ((PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM]).Select(
                signal => PosixSignalRegistration.Create(signal, Interrupt))];
        }

        Print($"{rounds} rounds; BUILDD_SEED={seed} repeats them");
    }

    /// <summary>Whether runs have their full length.</summary>
    public static bool IsFull { get; } = Environment.GetEnvironmentVariable("BUILDD_SOAK") == "1";

    /// <summary>How many rounds there are.</summary>
    public int Rounds { get; }

    /// <summary>Where the chances come from.</summary>
    public int Seed { get; }

    /// <summary>The chances of this run; for one thread at a time.</summary>
    public Random Random { get; }

    /// <summary>How often each outcome that was counted has come.</summary>
    public IReadOnlyDictionary<string, int> Outcomes => _outcomes;

    /// <summary>Cancelled by Ctrl-C in a run of full length: a test then ends at once and takes away what it made.</summary>
    public CancellationToken Interrupted => _interrupted.Token;

    /// <summary>Begins a run in the test that calls it.</summary>
    /// <param name="kind">What is done in it, for the printed lines.</param>
    /// <param name="sample">The rounds of a sample.</param>
    /// <param name="full">The rounds of the full length.</param>
    /// <param name="sampleSeed">The seed of a sample; null for another each time.</param>
    public static LongRun Begin(string kind, int sample, int full, int? sampleSeed = null)
    {
        if (!TestContext.CurrentContext.Test.AllCategories().Contains(Category))
        {
            throw new InvalidOperationException(
                $"A test with a long run must carry the category {nameof(LongRun)}.{nameof(Category)}: 'make soak' would miss it.");
        }

        var seed = Environment.GetEnvironmentVariable("BUILDD_SEED") is { Length: > 0 } given
            ? int.Parse(given, NumberStyles.None, CultureInfo.InvariantCulture)
            : sampleSeed is { } own && !IsFull ? own
            : RandomNumberGenerator.GetInt32(int.MaxValue);
        return new LongRun(kind, IsFull ? full : sample, seed);
    }

    /// <summary>The numbers of the rounds, from 0. A round is done when the next number is asked for.</summary>
    /// <exception cref="OperationCanceledException">Somebody pressed Ctrl-C.</exception>
    public IEnumerable<int> EachRound()
    {
        for (var round = 0; round < Rounds; round++)
        {
            _interrupted.Token.ThrowIfCancellationRequested();
            yield return round;
            Done(round + 1);
        }
    }

    /// <summary>
    /// Waits for the moment at which a round is cut short. The rounds divide the way between them, so that a sample misses no part of it;
    /// chance decides where in its part each comes. The last one comes at the end, however fast the machine is.
    /// </summary>
    /// <param name="round">The round's number.</param>
    /// <param name="whole">How long the whole way takes.</param>
    /// <param name="end">Waits for the end of the way.</param>
    public Task MomentAsync(int round, TimeSpan whole, Func<Task> end) =>
        round == Rounds - 1 ? end() : Task.Delay(whole * ((round + Random.NextDouble()) / Rounds));

    /// <summary>Says how many rounds are done, for a test that counts them itself.</summary>
    public void Done(int rounds)
    {
        _done = rounds;
        var elapsed = Stopwatch.GetElapsedTime(_start);
        if (!IsFull || elapsed - _reported < ProgressInterval)
            return;
        _reported = elapsed;
        Print($"{_done} of {Rounds}");
    }

    /// <summary>Counts what came of a round, or of some; for one thread at a time.</summary>
    public void Count(string outcome, int rounds = 1) => _outcomes[outcome] = _outcomes.GetValueOrDefault(outcome) + rounds;

    /// <summary>Adds a figure to what is printed at the end, such as how much memory it took.</summary>
    public void Remark(string text) => _remarks.Add(text);

    /// <summary>Ends the run and prints what came of it, also of one that failed.</summary>
    public void Dispose()
    {
        var elapsed = Stopwatch.GetElapsedTime(_start);
        var length = string.Create(
            CultureInfo.InvariantCulture,
            $"{_done} of {Rounds} rounds in {elapsed.TotalSeconds:0.0} s ({_done / elapsed.TotalSeconds:0.0}/s), seed {Seed}");
        var outcomes = string.Join(", ", _outcomes.Select(outcome => $"{outcome.Key} ({outcome.Value})"));
        Print(string.Join("; ", ((string[])[length, outcomes, .. _remarks]).Where(part => part.Length > 0)));
        foreach (var signal in _signals)
            signal.Dispose();
        _interrupted.Dispose();
    }

    private void Interrupt(PosixSignalContext context)
    {
        context.Cancel = true; // the process ends when its tests have
        _interrupted.Cancel();
    }

    private void Print(string text)
    {
        var line = $"{Prefix}{_kind}: {text}";
        if (!IsFull)
        {
            TestContext.Out.WriteLine(line);
            return;
        }

        // NUnit keeps what is written to the console until the test has ended.
        using var error = new StreamWriter(Console.OpenStandardError());
        error.WriteLine(line);
    }
}
