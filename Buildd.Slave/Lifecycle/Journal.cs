using System.Text.Json;
using Buildd.Linux.Files;

namespace Buildd.Slave.Lifecycle;

/// <summary>
/// The slave's memory over a restart: one small file in its state folder, replaced as a whole at each change and on the
/// disk before anybody is told of the change.
/// </summary>
/// <remarks>
/// A second slave on the same folder is refused, because each would undo what the other does. Used by one thread at a
/// time.
/// </remarks>
internal sealed class Journal : IDisposable
{
    /// <summary>The journal's name in the state folder.</summary>
    internal const string FileName = "builder.journal";

    /// <summary>What is being written before it takes the journal's place.</summary>
    internal const string TemporaryName = FileName + ".tmp";

    private const string LockName = "builder.lock";

    /// <summary>A build with ten thousand results stays far below it.</summary>
    private const long MaxBytes = 16 * 1024 * 1024;

    private readonly string _directory;
    private readonly string _path;
    private readonly string _temporary;
    private readonly FileStream _lock;

    /// <summary>Takes the folder for this slave.</summary>
    /// <exception cref="JournalException">Another slave has it, or it can't be written to.</exception>
    internal Journal(string directory)
    {
        _directory = directory;
        _path = Path.Combine(directory, FileName);
        _temporary = Path.Combine(directory, TemporaryName);
        try
        {
            // Let go of by the kernel when the process ends, however it ends; the empty file stays.
            _lock = new FileStream(Path.Combine(directory, LockName), new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
                UnixCreateMode = UnixFile.ClosedMode,
            });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new JournalException(
                $"the work folder '{directory}' can't be had: {e.Message} If another slave uses it, give each a work folder of its own.",
                e);
        }
    }

    /// <summary>What was written last; null when nothing ever was.</summary>
    /// <exception cref="JournalException">
    /// It can't be read. Nobody knows then what the slave was doing, so somebody has to look.
    /// </exception>
    internal JournalEntry? Read()
    {
        try
        {
            File.Delete(_temporary); // half of a change that nobody was told of
            if (!File.Exists(_path))
                return null;
            if (new FileInfo(_path).Length > MaxBytes)
                throw Unusable($"it is longer than {MaxBytes} bytes");
            var entry = JsonSerializer.Deserialize(File.ReadAllBytes(_path), JournalJson.Default.JournalEntry)
                ?? throw Unusable("it says nothing");
            return entry.Version == JournalEntry.CurrentVersion
                ? entry
                : throw Unusable($"it is of version {entry.Version} and this slave knows version {JournalEntry.CurrentVersion}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw Unusable(e.Message, e);
        }
    }

    /// <summary>Puts an entry in the place of the last. It is on the disk when this returns.</summary>
    /// <exception cref="IOException">It could not be written; the last entry still stands.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    internal void Write(JournalEntry entry)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(entry, JournalJson.Default.JournalEntry);
        File.Delete(_temporary);
        UnixFile.MakeClosed(_temporary);
        using (var file = File.OpenHandle(_temporary, FileMode.Open, FileAccess.Write))
        {
            RandomAccess.Write(file, bytes, 0);
            RandomAccess.FlushToDisk(file);
        }

        File.Move(_temporary, _path, overwrite: true);
        FlushDirectory(_directory);
    }

    /// <summary>Has a file's content on the disk.</summary>
    /// <exception cref="IOException">It is not there, or the disk is broken.</exception>
    internal static void FlushFile(string path)
    {
        using var file = File.OpenHandle(path);
        RandomAccess.FlushToDisk(file);
    }

    /// <summary>Has the names in a folder on the disk: without it a new name may be lost when the machine goes down.</summary>
    /// <exception cref="IOException">The folder is not there, or the disk is broken.</exception>
    internal static void FlushDirectory(string directory)
    {
        using var handle = UnixFile.OpenToRead(Path.Combine(directory, ".")); // the folder itself where an administrator has put a link
        RandomAccess.FlushToDisk(handle);
    }

    /// <summary>Lets go of the work folder.</summary>
    public void Dispose() => _lock.Dispose();

    private JournalException Unusable(string why, Exception? inner = null) => new(
        $"the journal '{_path}' can't be used: {why}. Look at what builds left in '{_directory}', remove that and the journal, and "
            + "start the slave again.", inner);
}
