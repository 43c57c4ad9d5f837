using System.Text;
using Buildd.Backends.Commands;
using Buildd.Backends.Environments;
using Buildd.Backends.Steps;
using Buildd.Debian.Apt;
using Buildd.Debian.Keys;
using Buildd.Linux.Processes;
using Buildd.Protocol.Messages;
using Buildd.Slave.Logs;

namespace Buildd.Backends.DebianBuilds;

/// <summary>Tells the apt in a build's system where to install from, and brings the system up to date: protocol section 13.</summary>
/// <param name="system">The system.</param>
/// <param name="arguments">What the master said of it.</param>
/// <param name="log">The build's log.</param>
/// <param name="time">The clock.</param>
internal sealed class AptSetup(BuildEnvironment system, DebianArguments arguments, BuildLog log, TimeProvider time)
{
    private const string SourcesList = "/etc/apt/sources.list";
    private const string SourcesFile = "/etc/apt/sources.list.d/lp-buildd.sources";
    private const string KeyFile = "/etc/apt/trusted.gpg.d/launchpad-buildd.gpg";

    private const string OldKeyFile = "/etc/apt/trusted.gpg";
    private const string PreferencesFolder = "/etc/apt/preferences.d";

    private const int AptFailed = 100; // what apt-get exits with when something can't be fetched

    /// <summary>As much of a line of apt's as tells what it is about.</summary>
    private const int MaxLineBytes = 200;

    /// <summary>The wait before the package lists are asked for once more; the reference's figure.</summary>
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Puts what is secret where it is never on a disk: on the system's own file system in memory, with a link to it in its
    /// place. Only root may read it, so the package that is built may not.
    /// </summary>
    /// <remarks>
    /// Differs: the reference writes a file that everybody may read. Apt, which is root, reads the one as well as the other.
    /// </remarks>
    private const string SecretInMemoryScript =
        """
        set -e
        umask 077
        [ "$(stat -f -c %T /dev/shm)" = tmpfs ]
        rm -f "$1" "$2"
        cat > "$2"
        ln -s "$2" "$1"
        """;

    /// <summary>Where that can't be, and for a system whose commands do not share one.</summary>
    private const string SecretScript = """umask 077; rm -f "$1" && cat > "$1" """;

    /// <summary>What was written to memory: path and text.</summary>
    private readonly Dictionary<string, string> _inMemory = new(StringComparer.Ordinal);

    /// <summary>Phase sources.</summary>
    /// <param name="archives">The archives; an empty list fails, as in the reference.</param>
    /// <param name="proxy">The proxy for all of them; null for none.</param>
    /// <param name="cancellationToken">Stops it.</param>
    internal async Task WriteSourcesAsync(IReadOnlyList<ArchiveLine> archives, string? proxy, CancellationToken cancellationToken)
    {
        if (archives.Count == 0)
            throw new PhaseFailedException(
                BuildStatus.ChrootFail, "the master named no archive: there is nothing to install from");
        if (OldApt.WantsLines(arguments.Series))
        {
            var known = OldApt.ReadsOptions(arguments.Series);
            await WriteAsync(
                SourcesList, string.Concat(archives.Select(line => (known ? line.Text : line.ToLineWithoutOptions()) + "\n")),
                Secret(archives), cancellationToken).ConfigureAwait(false);
            if (!OldApt.KnowsTrusted(arguments.Series) && archives.Any(line => line.IsTrusted))
                await WriteAsync(
                    "/etc/apt/apt.conf.d/99unauthenticated", "APT::Get::AllowUnauthenticated \"true\";\n", false, cancellationToken)
                        .ConfigureAwait(false);
        }
        else
        {
            var known = archives.Where(IsKnown).ToList();
            if (known.Count == 0)
                throw new PhaseFailedException(BuildStatus.ChrootFail, "no archive is left: there is nothing to install from");
            // What the chroot came with is to go. Differs: debian.sources of Debian's images too, which the reference does not know.
            await system.RunScriptAsync(
                "remove the chroot's own sources",
                "rm -f /etc/apt/sources.list /etc/apt/sources.list.d/ubuntu.sources /etc/apt/sources.list.d/debian.sources", [],
                cancellationToken).ConfigureAwait(false);
            await WriteAsync(SourcesFile, string.Concat(known.Select(line => line.ToStanza())), Secret(known), cancellationToken)
                .ConfigureAwait(false);
        }

        await WriteAsync("/etc/apt/apt.conf.d/99retries", "Acquire::Retries \"3\";\n", false, cancellationToken).ConfigureAwait(false);
        await WriteAsync("/etc/apt/apt.conf.d/99phasing", "APT::Get::Always-Include-Phased-Updates \"true\";\n", false, cancellationToken)
            .ConfigureAwait(false);
        if (proxy is not null)
        {
            await WriteAsync(
                "/etc/apt/apt.conf.d/99proxy", $"Acquire::http::Proxy \"{proxy}\";\n",
                ArchiveLine.WithoutCredentials(proxy) != proxy, cancellationToken).ConfigureAwait(false);
        }

        if (!await HasFolderAsync(PreferencesFolder, cancellationToken).ConfigureAwait(false))
            return; // an apt that has none can't read these pins either: they have a pattern in them
        foreach (var pocket in (string[])["proposed", "backports"])
        {
            await WriteAsync(
                $"{PreferencesFolder}/{pocket}.pref", $"Package: *\nPin: release a=*-{pocket}\nPin-Priority: 500\n", false,
                cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Phase keys: all of them without armour in one file.</summary>
    /// <remarks>Differs: the reference has gpg do that in the chroot, which Debian's chroots do not have.</remarks>
    internal async Task WriteKeysAsync(IReadOnlyList<ReadOnlyMemory<byte>> keys, CancellationToken cancellationToken)
    {
        using var bytes = new MemoryStream();
        for (var i = 0; i < keys.Count; i++)
        {
            try
            {
                var ring = KeyRing.Read(keys[i]);
                bytes.Write(ring.Bytes.Span);
                foreach (var key in ring.Keys)
                {
                    var name = key.Fingerprint.Length > 0 ? key.Fingerprint : "a key of version 3";
                    log.WriteLine($"apt trusts {name} {string.Join("; ", key.UserIds)}".TrimEnd());
                }
            }
            catch (KeyRingException e)
            {
                throw new PhaseFailedException(
                    BuildStatus.ChrootFail, $"entry {i + 1} of '{WireNames.ArgumentNames.TrustedKeys}' can't be used: {e.Message}", e);
            }
        }

        if (await HasFolderAsync(Path.GetDirectoryName(KeyFile)!, cancellationToken).ConfigureAwait(false))
            await system.WriteFileAsync(KeyFile, bytes.ToArray(), cancellationToken).ConfigureAwait(false);
        else
            await system.RunInsideOrFailAsync(
                Command.Of("/bin/sh", "-c", "cat >> \"$1\"", "sh", OldKeyFile), cancellationToken, bytes.ToArray(),
                $"add the keys to {OldKeyFile} in the chroot").ConfigureAwait(false);
    }

    /// <summary>Phase update.</summary>
    /// <remarks>
    /// Differs: lists that can't be fetched fail the phase. apt on its own calls that a success, and the build then ends
    /// with a dependency that only seems to be missing.
    /// </remarks>
    internal async Task UpdateAsync(CancellationToken cancellationToken)
    {
        var update = system.Wear(Command.Of("apt-get", "-uy", "-o", "APT::Update::Error-Mode=any", "update"));
        if (await FetchListsAsync(update, cancellationToken).ConfigureAwait(false) != 0)
        {
            log.WriteLine($"The package lists could not be fetched; once more in {RetryDelay.TotalSeconds:0} s");
            await Task.Delay(RetryDelay, time, cancellationToken).ConfigureAwait(false);
            if (await FetchListsAsync(update, cancellationToken).ConfigureAwait(false) is not 0 and var code)
                throw new PhaseFailedException(BuildStatus.ChrootFail, $"'{update}' ended with {new ExitCode(code).Describe()}");
        }

        await system.RunInsideOrFailAsync(
            system.Wear(Command.Of("apt-get", "-o", "DPkg::Options::=--force-confold", "-uy", "--purge", "dist-upgrade")),
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Fetches the lists, and returns apt's exit code; or its own for a failure where an apt before 2.1 only warns.</summary>
    private async Task<int> FetchListsAsync(Command update, CancellationToken cancellationToken)
    {
        var isIncomplete = false;
        var lines = new LineSplitter(
            MaxLineBytes,
            (line, _) => isIncomplete |= line.StartsWith("W: Failed to fetch "u8) || line.StartsWith("W: Some index files "u8));
        var code = await system.RunInsideAsync(
            update, cancellationToken,
            output: bytes =>
            {
                log.Write(bytes);
                lines.Write(bytes);
            }).ConfigureAwait(false);
        lines.Complete();
        return code == 0 && isIncomplete ? AptFailed : code;
    }

    /// <summary>Whether the chroot's apt reads such a folder.</summary>
    private async Task<bool> HasFolderAsync(string folder, CancellationToken cancellationToken) =>
        await system.RunInsideAsync(
            Command.Of("/bin/sh", "-c", "[ -d \"$1\" ]", "sh", folder), cancellationToken, description: $"look for {folder} in the chroot")
                .ConfigureAwait(false) == 0;

    /// <summary>Puts what was in memory there once more.</summary>
    internal async Task WriteSecretsAgainAsync(CancellationToken cancellationToken)
    {
        foreach (var (path, text) in _inMemory.ToList())
            await WriteAsync(path, text, true, cancellationToken).ConfigureAwait(false);
    }

    private static bool Secret(IReadOnlyList<ArchiveLine> archives) => archives.Any(line => line.HasCredentials);

    private bool IsKnown(ArchiveLine line)
    {
        var unknown = line.UnknownOptions.ToList();
        if (unknown.Count > 0)
            log.WriteLine(
                $"An archive is left out, whose option is not known ({ArgumentCheck.Shown(string.Join(", ", unknown))}): {line}");
        return unknown.Count == 0;
    }

    private async Task WriteAsync(string path, string text, bool isSecret, CancellationToken cancellationToken)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        if (!isSecret)
        {
            await system.WriteFileAsync(path, bytes, cancellationToken).ConfigureAwait(false);
            return;
        }

        var memory = $"/dev/shm/buildd-{Path.GetFileName(path)}";
        if (await RunAsync($"write {path} in the chroot, in memory", SecretInMemoryScript, [path, memory], bytes).ConfigureAwait(false) == 0
            && await RunAsync($"look for {path} in the chroot", """[ -s "$1" ]""", [path]).ConfigureAwait(false) == 0)
        {
            _inMemory[path] = text;
            return;
        }

        log.WriteLine(
            $"{path} has a password in it, and the chroot has no file system in memory: it is written to the disk, for root alone");
        if (await RunAsync($"write {path} in the chroot", SecretScript, [path], bytes).ConfigureAwait(false) is not 0 and var code)
            throw new PhaseFailedException(BuildStatus.ChrootFail, $"{path} could not be written in the chroot: exit code {code}");

        Task<int> RunAsync(string description, string script, string[] words, ReadOnlyMemory<byte> input = default) =>
            system.RunInsideAsync(
            Command.Of("/bin/sh", ["-c", script, "sh", .. words]), cancellationToken, input, description: description);
    }
}
