namespace Buildd.Benchmarks.Harness;

/// <summary>Runs two sides in turns, so that whatever else the machine does falls on both.</summary>
internal static class Rounds
{
    /// <summary>How many rounds count. Odd, so that the median is a figure that was measured.</summary>
    private const int Count = 5;

    /// <summary>One round of one side: a figure for each quantity, in their order.</summary>
    internal delegate Task<double[]> Round();

    /// <summary>Measures both sides.</summary>
    /// <param name="quantities">What each round returns.</param>
    /// <param name="ours">Ours.</param>
    /// <param name="peer">The peer; null when this machine has none.</param>
    /// <param name="peerMissing">What is missing then.</param>
    /// <param name="warmUps">Rounds that do not count: files get into memory and methods get compiled.</param>
    internal static async Task<IReadOnlyList<Row>> MeasureAsync(
        IReadOnlyList<Quantity> quantities, Round ours, Round? peer, string? peerMissing = null, int warmUps = 1)
    {
        var figures = (Ours: new List<double[]>(), Peer: new List<double[]>());
        for (var round = -warmUps; round < Count; round++)
        {
            // Who goes first changes from round to round: the first of a pair may find the machine in another state.
            var oursFirst = round % 2 == 0;
            foreach (var isOurs in (bool[])[oursFirst, !oursFirst])
            {
                if (!isOurs && peer is null)
                    continue;

                CollectGarbage(); // what one side left behind is not for the other to clean up
                var measured = isOurs ? await ours() : await peer!();
                if (round >= 0)
                    (isOurs ? figures.Ours : figures.Peer).Add(measured);
            }
        }

        return
        [
            .. quantities.Select((quantity, index) => new Row(
                quantity, [.. figures.Ours.Select(f => f[index])], [.. figures.Peer.Select(f => f[index])])
            {
                PeerMissing = peerMissing,
            }),
        ];
    }

    private static void CollectGarbage()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }
}
