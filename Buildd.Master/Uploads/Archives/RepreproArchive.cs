using System.Text;
using Buildd.Linux.Files;
using Buildd.Linux.Processes;

namespace Buildd.Master.Uploads.Archives;

/// <summary>
/// Publishes packages with <c>reprepro</c> into an archive that apt installs from. Which suites and architectures there are, and
/// whether it is signed, is the archive's own configuration, <c>conf/distributions</c>.
/// </summary>
/// <remarks>
/// reprepro takes packages one after the other, and then writes the indexes: apt sees all or none. Its lock file is left behind
/// when it is killed. Since a file of ours says that it was we who ran it, the next run removes it and writes the indexes anew.
/// <para>
/// Debug symbols as Ubuntu has them, <c>.ddeb</c>, are unknown to reprepro before 5.4, which takes them for parts of a source and
/// refuses all of the upload: they are kept where live filesystems are.
/// </para>
/// </remarks>
public sealed class RepreproArchive : IArchive
{
    /// <summary>How many times reprepro waits 10 s for another reprepro.</summary>
    private const int LockTries = 12;

    private const string SymbolsExtension = ".ddeb";

    /// <summary>How much of reprepro's words goes into a message, in characters.</summary>
    private const int MaxSaid = 2000;

    /// <summary>reprepro, and what becomes it a moment after it was started.</summary>
    private static readonly string[] StartedByUs = ["reprepro", "sh", "nice", "env", "setsid"];

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan EndDeadline = TimeSpan.FromMinutes(2);

    private readonly string _base;
    private readonly IArchive _others;
    private readonly TimeProvider _time;
    private readonly IReadOnlyList<IndexCompression> _compressions;

    /// <summary>Makes one.</summary>
    /// <param name="baseDirectory">The archive's folder, which holds <c>conf/distributions</c>.</param>
    /// <param name="others">Where live filesystems and <c>.ddeb</c> go, which apt has no place for.</param>
    /// <param name="time">The clock; the system's by default.</param>
    /// <param name="compressions">
    /// How indexes are read that are neither plain nor gzipped, in the order of preference. None by default: such indexes are passed over.
    /// </param>
    public RepreproArchive(
        string baseDirectory, IArchive others, TimeProvider? time = null, IReadOnlyList<IndexCompression>? compressions = null)
    {
        _compressions = compressions ?? [];
        _base = Path.GetFullPath(baseDirectory);
        _others = others;
        _time = time ?? TimeProvider.System;
    }

    /// <inheritdoc/>
    /// <remarks>Read from what apt reads: reprepro's own database can't be looked at without a lock and a trace.</remarks>
    public async Task<IReadOnlyList<PublishedBinary>> FindPublishedAsync(
        string distribution, string suite, IReadOnlyCollection<string> packages, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(packages);
        CheckConfiguration();
        var folder = new RepreproLayout(_base).FolderOf(FileName.Check(suite));
        return await PackagesIndex.FindAsync(folder, packages, _compressions, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task AcceptAsync(AcceptedUpload upload, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(upload);
        if (upload.ChangesPath is not { } changes)
        {
            await _others.AcceptAsync(upload, cancellationToken).ConfigureAwait(false);
            return;
        }

        CheckConfiguration();
        var symbols = upload.Files.Where(file => Path.GetExtension(file.File.Name) == SymbolsExtension).ToList();
        if (symbols.Count > 0)
            await _others.AcceptAsync(upload with { ChangesPath = null, Files = symbols }, cancellationToken).ConfigureAwait(false);
        using var held = await HoldAsync(cancellationToken).ConfigureAwait(false);
        using var plain = new ChangesWithout(Path.Combine(_base, ".buildd-upload"));
        if (symbols.Count > 0)
            changes = await plain.WriteAsync(
                upload, symbols.Select(file => file.File.Name).ToHashSet(StringComparer.Ordinal), cancellationToken).ConfigureAwait(false);
        // The record of the build says what it was for; the suite in the .changes is only what the builder was told.
        string[] component = upload.Component is { } name ? ["--component", name] : [];
        await RunAsync(
            held, ["--ignore=wrongdistribution", .. component, "include", FileName.Check(upload.Suite), changes], cancellationToken)
            .ConfigureAwait(false);
    }

    private void CheckConfiguration()
    {
        var path = Path.Combine(_base, "conf", "distributions");
        if (!File.Exists(path))
            throw new UploadException($"{_base} is no archive of reprepro: {path} is not there.");
    }

    /// <summary>Takes the archive for ourselves. The file is empty unless reprepro runs for us, or did when we were killed.</summary>
    private async Task<FileStream> HoldAsync(CancellationToken cancellationToken)
    {
        var path = Path.Combine(_base, ".buildd");
        var start = _time.GetTimestamp();
        while (true)
        {
            try
            {
                var held = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
                await RecoverAsync(held, cancellationToken).ConfigureAwait(false);
                return held;
            }
            catch (IOException e) when (Durable.IsHeldByAnother(e))
            {
                if (_time.GetElapsedTime(start) > EndDeadline)
                    throw new UploadException($"Another process holds {path} for more than {EndDeadline.TotalMinutes:0} minutes.");
            }

            await Task.Delay(Poll, _time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// After a run that was cut short: a reprepro that outlived us is waited for, the lock of one that was killed too is removed,
    /// and the indexes are written, since the packages may be in and nobody have said so to apt.
    /// </summary>
    private async Task RecoverAsync(FileStream held, CancellationToken cancellationToken)
    {
        if (held.Length == 0)
            return;
        try
        {
            var start = _time.GetTimestamp();
            while (ProcessTable.WorkingIn(_base).Any(process => StartedByUs.Contains(process.Name)))
            {
                if (_time.GetElapsedTime(start) > EndDeadline)
                    throw new UploadException($"A reprepro that was started earlier is still at work in {_base}.");
                await Task.Delay(Poll, _time, cancellationToken).ConfigureAwait(false);
            }

            if (Directory.Exists(Path.Combine(_base, "db"))) // it may have been killed before it made that
                File.Delete(Path.Combine(_base, "db", "lockfile"));
            await RunAsync(held, ["export"], cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await held.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task RunAsync(FileStream held, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var errors = new StringBuilder();
        var command = Command.Of("reprepro", "--basedir", _base, "--waitforlock", $"{LockTries}").With(arguments)
            .WithEnvironment("LC_ALL", "C.UTF-8") with
        { WorkingDirectory = _base };
        Mark(held, "running\n"u8);
        var result = await ProcessRunner.RunSeparatedAsync(
            command,
            _ => { },
            bytes => Keep(errors, bytes),
            cancellationToken).ConfigureAwait(false);
        Mark(held, default);
        if (!result.Succeeded)
            throw new UploadException($"reprepro ended with {result.Describe()}: {Secrets.Quote(errors.ToString())}");
    }

    private static void Mark(FileStream held, ReadOnlySpan<byte> content)
    {
        held.SetLength(0);
        held.Write(content);
        held.Flush(flushToDisk: true);
    }

    private static void Keep(StringBuilder text, ReadOnlySpan<byte> bytes)
    {
        if (text.Length < MaxSaid)
            text.Append(Encoding.UTF8.GetString(bytes));
    }
}
