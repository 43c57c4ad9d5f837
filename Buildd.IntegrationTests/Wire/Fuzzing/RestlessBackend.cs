using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;

namespace Buildd.IntegrationTests.Wire.Fuzzing;

/// <summary>Builds that log, make a result, last a moment, and end in every way there is, so that a slave is in every state.</summary>
internal sealed class RestlessBackend(string tag) : IBuildBackend
{
    private static readonly BuildStatus[] Ends =
        [BuildStatus.Ok, BuildStatus.PackageFail, BuildStatus.ChrootFail, BuildStatus.BuilderFail, BuildStatus.GivenBack];

    private int _builds;

    public string Tag => tag;

    internal int Builds => _builds;

    public IBuild Prepare(BuildRequest request) => new Build(Interlocked.Increment(ref _builds));

    private sealed class Build(int number) : IBuild
    {
        public async Task<BuildOutcome> RunAsync(IBuildContext context, CancellationToken abort)
        {
            context.Log.WriteLine($"build {number} has begun");
            var result = Path.Combine(context.Directory, "result.txt");
            await File.WriteAllTextAsync(result, $"the result of build {number}", CancellationToken.None);
            await context.AddResultAsync(result, null, CancellationToken.None);
            try
            {
                await Task.Delay(number % 4 * 20, abort);
            }
            catch (OperationCanceledException)
            {
                await Task.Delay(20, CancellationToken.None); // taking a build down takes time
                throw;
            }

            return new BuildOutcome(Ends[number % Ends.Length]);
        }
    }
}
