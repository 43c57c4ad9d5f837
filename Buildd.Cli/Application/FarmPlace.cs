using Buildd.Farm.Configuration;
using Buildd.Farm.Store;
using Buildd.Linux.Text;

namespace Buildd.Cli.Application;

/// <summary>The settings of a command and its output, before the farm is opened.</summary>
/// <param name="Configuration">The settings.</param>
/// <param name="Output">For what was asked for.</param>
/// <param name="Error">For what is said besides.</param>
/// <param name="ActsAs">The name of the person for whom the command acts; null for the machine's administrator.</param>
internal sealed record FarmPlace(FarmConfiguration Configuration, TextWriter Output, TextWriter Error, string? ActsAs)
{
    /// <summary>The time between two attempts of a command to open a store that it waits for.</summary>
    private static readonly TimeSpan StoreRetry = TimeSpan.FromSeconds(2);

    /// <summary>Whether <see cref="Error"/> is a terminal, where a line may be overwritten.</summary>
    internal bool IsErrorTerminal => ReferenceEquals(Error, Console.Error) && !Console.IsErrorRedirected;

    /// <summary>Opens the farm.</summary>
    /// <param name="makesStore">Whether a store that is missing is made: by commands that put something into it.</param>
    /// <param name="waitsForStore">Whether a store that can't be reached now is waited for, however long.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="FarmException">There is no store.</exception>
    /// <exception cref="StoreException">The store can't be opened.</exception>
    internal async Task<FarmSession> OpenAsync(bool makesStore, bool waitsForStore, CancellationToken cancellationToken)
    {
        if (!makesStore)
            RequireStore();
        for (var said = ""; ;)
        {
            try
            {
                return new FarmSession(Configuration, await Configuration.Store.OpenAsync(cancellationToken), Output, Error)
                {
                    ActsAs = ActsAs,
                };
            }
            catch (StoreException exception) when (waitsForStore && exception.IsTransient)
            {
                if (exception.Message != said)
                    await Error.WriteLineAsync(Printable.Text($"waiting for the store: {exception.Message}"));
                said = exception.Message;
                await Task.Delay(StoreRetry, cancellationToken);
            }
        }
    }

    /// <summary>Asserts that there is a store, as far as that is known without asking a server.</summary>
    /// <exception cref="FarmException">There is none.</exception>
    internal void RequireStore()
    {
        if (!Configuration.Store.IsMissing)
            return;
        throw FarmException.NotFound(
            $"there is no farm's store at {Configuration.Store.Path}: 'buildd-farm run', 'builders add', 'chroots add' and "
                + "'people add' make one, and --config names another configuration");
    }
}
