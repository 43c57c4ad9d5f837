namespace Buildd.Master;

/// <summary>Changes a record that others may change at the same time: the one loop of reading, changing and comparing.</summary>
internal static class RecordChange
{
    /// <summary>The number of tries; each failure means that another writer was faster.</summary>
    internal const int Attempts = 20;

    /// <summary>Changes a record as it is now, again whenever somebody else was faster.</summary>
    /// <param name="read">Reads the record; null when there is none.</param>
    /// <param name="change">Makes the new one; the same record for nothing. May be called several times.</param>
    /// <param name="replace">Stores the new one if nobody has changed the record since it was read, else returns null.</param>
    /// <param name="name">The record in a message.</param>
    /// <returns>The record as it is stored then; null when there is none.</returns>
    /// <exception cref="TimeoutException">Others were faster again and again.</exception>
    internal static async Task<T?> ApplyAsync<T>(Func<Task<T?>> read, Func<T, T> change, Func<T, Task<T?>> replace, string name)
        where T : class
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            if (await read().ConfigureAwait(false) is not { } current)
                return null;
            var changed = change(current);
            if (ReferenceEquals(changed, current))
                return current;
            if (await replace(changed).ConfigureAwait(false) is { } stored)
                return stored;
        }

        throw new TimeoutException($"{name} changes faster than it can be changed.");
    }
}
