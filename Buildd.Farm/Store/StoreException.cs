using Buildd.Master;

namespace Buildd.Farm.Store;

/// <summary>
/// The farm's store could not be read or written; nothing was half done. The message is for a person: what was found, and
/// what to do. What a damaged store, a full disk or a store of a newer program give has <see cref="IsTransient"/> false.
/// </summary>
internal sealed class StoreException : RecordsException
{
    internal StoreException(string message, bool isTransient = false, Exception? innerException = null)
        : base(message, innerException)
    {
        IsTransient = isTransient;
    }

    /// <summary>Whether the same call can succeed later without anybody doing something: the store was busy.</summary>
    internal bool IsTransient { get; }

    /// <summary>The store has tables that this program does not know.</summary>
    /// <param name="name">The store.</param>
    /// <param name="version">The version of its tables.</param>
    /// <param name="newest">The newest version that this program knows.</param>
    internal static StoreException OfNewerProgram(string name, int version, int newest) => new(
        $"The farm's store {name} has the schema {version}, and this program knows those up to {newest}: it was used by a newer program. "
            + "Run that one, or put a backup from before in its place.");

    /// <summary>What the program ends with.</summary>
    internal int ExitCode => IsTransient ? FarmExitCode.Busy : FarmExitCode.Failed;
}
