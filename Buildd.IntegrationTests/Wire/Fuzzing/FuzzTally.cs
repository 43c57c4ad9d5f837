using System.Collections.Concurrent;
using System.Text;
using System.Text.RegularExpressions;

namespace Buildd.IntegrationTests.Wire.Fuzzing;

/// <summary>What came back, counted. Any thread may add.</summary>
internal sealed partial class FuzzTally
{
    private const int MostKept = 20;

    /// <summary>A million requests bring about some hundred; should they bring about any number, the rest is counted together.</summary>
    private const int MostKinds = 2000;

    private readonly ConcurrentDictionary<string, int> _mutations = new();
    private readonly ConcurrentDictionary<string, int> _answers = new();
    private readonly ConcurrentDictionary<string, int> _faults = new();
    private readonly ConcurrentDictionary<string, int> _outcomes = new();
    private readonly ConcurrentQueue<string> _wrong = new();
    private int _requests;

    /// <summary>What must not be, with the request that brought it about; the first few.</summary>
    internal IEnumerable<string> Wrong => _wrong;

    internal int Requests => _requests;

    /// <summary>How often each answer came: its status, or what happened instead.</summary>
    internal IReadOnlyDictionary<string, int> Answers => _answers;

    internal void Sent(string mutation)
    {
        Interlocked.Increment(ref _requests);
        Count(_mutations, mutation);
    }

    /// <summary>Counts an answer: its status, or what happened instead.</summary>
    internal void Answered(string mutation, string answer)
    {
        Count(_answers, answer);
        Count(_outcomes, $"{mutation} {answer}");
    }

    /// <summary>Counts a fault by its text without what is particular in it.</summary>
    internal void Faulted(int code, string text)
    {
        var kind = Particulars().Replace(text, "…");
        Count(_faults, $"{code} {(kind.Length > 70 ? kind[..70] + "…" : kind)}".ReplaceLineEndings(" "));
        Count(_outcomes, $"{code} {kind}");
    }

    internal void IsWrong(string what, int number, byte[] request)
    {
        if (_wrong.Count < MostKept)
            _wrong.Enqueue($"request {number}: {what}: {Convert.ToBase64String(request.AsSpan(0, Math.Min(request.Length, 4096)))}");
    }

    public override string ToString()
    {
        var text = new StringBuilder();
        text.AppendLine($"{_requests} requests, {_outcomes.Count} distinct outcomes");
        foreach (var (title, counts) in new[] { ("spoiled by", _mutations), ("answers", _answers), ("faults", _faults) })
        {
            var all = counts.OrderByDescending(pair => pair.Value).Select(pair => $"{pair.Key}: {pair.Value}");
            text.AppendLine($"  {title}: {string.Join(", ", all)}");
        }

        return text.ToString();
    }

    private static void Count(ConcurrentDictionary<string, int> counts, string key) =>
        counts.AddOrUpdate(counts.ContainsKey(key) || counts.Count < MostKinds ? key : "others", 1, (_, count) => count + 1);

    [GeneratedRegex("(?<=(procedure|subHandler) ).*?(?= not found|$)|(?<= )'[^']*'?|\"[^\"]*\"?|[0-9]+|(?<=for ).*|(?<=input: <class).*",
        RegexOptions.Singleline)]
    private static partial Regex Particulars();
}
