namespace Buildd.Benchmarks.Harness;

/// <summary>One question that somebody asked, and how it is answered: by measuring ours and a named peer in turns.</summary>
internal interface IBenchmark
{
    /// <summary>What it is selected by on the command line; the name of its class.</summary>
    string Name => GetType().Name;

    /// <summary>The question, in a sentence, with the peer's name in it.</summary>
    string Question { get; }

    /// <summary>Measures.</summary>
    /// <param name="folder">An empty folder of its own, removed afterwards.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    /// <returns>The rows of the table that answer the question.</returns>
    Task<IReadOnlyList<Row>> RunAsync(string folder, CancellationToken cancellationToken);
}
