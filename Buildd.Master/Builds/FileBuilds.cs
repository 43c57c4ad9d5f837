using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Buildd.Master.Results;

namespace Buildd.Master.Builds;

/// <summary>
/// Builds in a folder: <c>builds.json</c>, which each change replaces as a whole, and a file for each specification. Several
/// processes of one machine may use it at the same time. It is for tools and for farms with some hundred builds: a change
/// writes, and a look reads, all of them.
/// </summary>
/// <remarks>Methods throw <see cref="IOException"/> when the folder can't be read or written, or its file is damaged.</remarks>
public sealed class FileBuilds : IBuildRecords, IQueuedBuilds
{
    /// <summary>How often a change by another process is looked for; each look is one call of the kernel.</summary>
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    /// <summary>How long <see cref="WaitForChangeAsync"/> waits for a change that nobody makes.</summary>
    private const int MaxPolls = 10;

    private readonly string _folder;
    private readonly string _file;
    private readonly TimeProvider _time;

    /// <summary>Opens a store.</summary>
    /// <param name="folder">The folder; made when missing.</param>
    /// <param name="time">The clock; the system's by default.</param>
    /// <exception cref="IOException">The folder can't be made.</exception>
    public FileBuilds(string folder, TimeProvider? time = null)
    {
        _folder = Directory.CreateDirectory(folder).FullName;
        _file = Path.Combine(_folder, "builds.json");
        _time = time ?? TimeProvider.System;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Build>> AddAsync(IReadOnlyList<NewBuild> builds, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(builds);
        using var held = await LockAsync(cancellationToken).ConfigureAwait(false);
        var store = Read();
        var keys = store.Builds.Where(stored => stored.UniqueKey is not null).ToDictionary(stored => stored.UniqueKey!, stored => stored.Build, StringComparer.Ordinal);
        var all = new List<StoredBuild>(store.Builds);
        var added = new List<Build>();
        var revision = store.Revision;
        foreach (var one in builds)
        {
            if (one.UniqueKey is { } key && keys.TryGetValue(key, out var before))
            {
                added.Add(before);
                continue;
            }

            var build = one.ToBuild(all.Count + 1, ++revision, _time.GetUtcNow());
            Durable.ReplaceFile(SpecificationOf(build.Id), one.Specification.Span);
            all.Add(new StoredBuild(build, one.UniqueKey));
            added.Add(build);
            if (one.UniqueKey is not null)
                keys.Add(one.UniqueKey, build);
        }

        Write(new Stored(revision, all));
        return added;
    }

    /// <inheritdoc/>
    public Task<Build?> FindAsync(long id, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(Find(Read(), id)?.Build);
    }

    /// <inheritdoc/>
    public async Task<ReadOnlyMemory<byte>?> FindSpecificationAsync(long id, CancellationToken cancellationToken = default)
    {
        if (await FindAsync(id, cancellationToken).ConfigureAwait(false) is null)
            return null;
        return await File.ReadAllBytesAsync(SpecificationOf(id), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<Build>> ListAsync(BuildFilter filter, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult<IReadOnlyList<Build>>(
            [.. Read().Builds.Select(stored => stored.Build).OrderByDescending(build => build.Id).Where(filter.Fits).Take(filter.Count)]);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Build?>> TryReplaceAsync(IReadOnlyList<Build> builds, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(builds);
        using var held = await LockAsync(cancellationToken).ConfigureAwait(false);
        var store = Read();
        var all = new List<StoredBuild>(store.Builds);
        var revision = store.Revision;
        var replaced = new List<Build?>();
        foreach (var build in builds)
        {
            var isStored = Find(store, build.Id) is { } before && all[(int)before.Build.Id - 1].Build.Revision == build.Revision
                && !(BuilderInUse(build) is { } builder && all.Any(other => other.Build.Id != build.Id && BuilderInUse(other.Build) == builder));
            if (!isStored)
            {
                replaced.Add(null);
                continue;
            }

            var stored = build with { Revision = ++revision };
            all[(int)build.Id - 1] = all[(int)build.Id - 1] with { Build = stored };
            replaced.Add(stored);
        }

        if (revision != store.Revision)
            Write(new Stored(revision, all));
        return replaced;
    }

    /// <inheritdoc/>
    public Task<QueueSnapshot> ReadQueueAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var store = Read();
        return Task.FromResult(new QueueSnapshot([.. store.Builds.Select(stored => stored.Build).Where(build => build.Queue is not null)], store.Revision));
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<Build>> ReadChangesAsync(long after, int most, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(most);
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult<IReadOnlyList<Build>>(
            [.. Read().Builds.Select(stored => stored.Build).Where(build => build.Revision > after).OrderBy(build => build.Revision).Take(most)]);
    }

    /// <inheritdoc/>
    public async Task WaitForChangeAsync(long after, CancellationToken cancellationToken = default)
    {
        var seen = File.GetLastWriteTimeUtc(_file);
        if (Read().Revision > after)
            return;
        // By the system's clock, as the other process is not on ours.
        for (var i = 0; i < MaxPolls && File.GetLastWriteTimeUtc(_file) == seen; i++)
            await Task.Delay(Poll, TimeProvider.System, cancellationToken).ConfigureAwait(false);
    }

    private static string? BuilderInUse(Build build) =>
        build.Queue is QueueState.Running or QueueState.Cancelling ? build.Builder : null;

    private static StoredBuild? Find(Stored store, long id) => id >= 1 && id <= store.Builds.Count ? store.Builds[(int)id - 1] : null;

    private string SpecificationOf(long id) => Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"specification-{id}"));

    /// <summary>The file is replaced as a whole, so that whoever reads needs no lock.</summary>
    private Stored Read()
    {
        try
        {
            using var file = File.OpenRead(_file);
            return JsonSerializer.Deserialize(file, FileBuildsJsonContext.Default.Stored) ?? new Stored(0, []);
        }
        catch (FileNotFoundException)
        {
            return new Stored(0, []);
        }
        catch (JsonException e)
        {
            throw new IOException($"{_file} is damaged: {e.Message}", e);
        }
    }

    private void Write(Stored store) => Durable.ReplaceFile(_file, JsonSerializer.SerializeToUtf8Bytes(store, FileBuildsJsonContext.Default.Stored));

    private async Task<FileStream> LockAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                return new FileStream(Path.Combine(_folder, "builds.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException e) when (Durable.IsHeldByAnother(e))
            {
                // whoever holds it needs no longer than one write takes
            }

            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, cancellationToken).ConfigureAwait(false);
        }
    }
}

/// <summary>A build as it is stored, with what is not in its record.</summary>
internal sealed record StoredBuild(Build Build, string? UniqueKey);

/// <summary>All builds, the one with the number n at n - 1.</summary>
internal sealed record Stored(long Revision, IReadOnlyList<StoredBuild> Builds);

[JsonSerializable(typeof(Stored))]
[JsonSourceGenerationOptions(UseStringEnumConverter = true, IgnoreReadOnlyProperties = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
internal sealed partial class FileBuildsJsonContext : JsonSerializerContext;
