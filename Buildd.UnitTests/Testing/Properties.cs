using Buildd.Testing.Runs;
using FsCheck;
using FsCheck.Fluent;
using NUnit.Framework;

namespace Buildd.UnitTests.Testing;

/// <summary>Checks what holds for any value of a kind, for some at random.</summary>
internal static class Properties
{
    /// <summary>How many times as many values the full length has.</summary>
    private const int FullLength = 100;

    /// <summary>
    /// Checks values as a <see cref="LongRun"/> of the test that calls it; what fails is shown with the smallest value that does.
    /// </summary>
    /// <param name="values">Makes the values.</param>
    /// <param name="holds">Throws when it does not hold.</param>
    /// <param name="sample">How many values a sample has.</param>
    internal static void ForAll<T>(Gen<T> values, Action<T> holds, int sample = 300)
    {
        using var run = LongRun.Begin(TestContext.CurrentContext.Test.MethodName!.Replace('_', ' '), sample, full: FullLength * sample);
        var replay = new Replay(new Rnd((ulong)run.Seed), null);
        Prop.ForAll(values.ToArbitrary(), holds).Check(Config.QuickThrowOnFailure.WithMaxTest(run.Rounds).WithReplay(replay));
        run.Done(run.Rounds);
    }
}
