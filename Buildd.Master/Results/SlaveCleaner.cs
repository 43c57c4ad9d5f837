using Buildd.Protocol.Client;
using Buildd.Protocol.Messages;

namespace Buildd.Master.Results;

/// <summary>Has a slave forget a build whose results were fetched.</summary>
internal sealed class SlaveCleaner(ISlaveClient slave)
{
    /// <summary>How often the call is made, when its connection breaks and the slave is still waiting.</summary>
    private const int Attempts = 3;

    /// <summary>Cleans the slave. It is never interrupted: half a call would leave nobody knowing.</summary>
    /// <param name="cookie">The build. Results of another one are left alone.</param>
    /// <exception cref="SlaveException">It could not be done; the slave probably has the results still.</exception>
    public async Task CleanAsync(string cookie)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await slave.CleanAsync(CancellationToken.None).ConfigureAwait(false);
                return;
            }
            catch (SlaveConnectionException) when (attempt < Attempts)
            {
                // Nobody knows whether it was carried out; a second call to an idle slave would be a fault.
                var status = await slave.StatusAsync(CancellationToken.None).ConfigureAwait(false);
                if (status.Status != BuilderStatus.Waiting || status.BuildId != cookie)
                    return;
            }
        }
    }
}
