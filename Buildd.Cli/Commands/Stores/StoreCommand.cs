using System.CommandLine;

namespace Buildd.Cli.Commands.Stores;

/// <summary><c>buildd-farm store</c>: what is done with the store as a whole.</summary>
internal static class StoreCommand
{
    internal static Command Create() => new(
        "store", "Look at the farm's store as a whole, bring it up to date, or take it to another engine.")
    {
        StoreCheckCommand.Create(),
        StoreMigrateCommand.Create(),
        StoreCopyCommand.Create(),
    };
}
