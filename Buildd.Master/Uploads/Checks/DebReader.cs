using System.Buffers;
using System.Text;
using Buildd.Debian.ControlFiles;
using Buildd.Linux.Files;
using Buildd.Linux.Processes;

namespace Buildd.Master.Uploads.Checks;

/// <summary>What was read of a binary package.</summary>
internal sealed record DebContents
{
    /// <summary>The fields of its control file; null when they could not be read, which is among the mistakes.</summary>
    public Paragraph? Control { get; init; }

    /// <summary>What is wrong with it: sentences that go on after its name.</summary>
    public required IReadOnlyList<string> Mistakes { get; init; }
}

/// <summary>
/// Reads binary packages with <c>dpkg-deb</c>, as the machines that install them do. The members are looked at as they are
/// unpacked, and never touch the disk: a name in a package can't become a name of ours.
/// </summary>
internal sealed class DebReader(UploadPolicy policy, TimeProvider time)
{
    /// <summary>
    /// The tar with the control file and the maintainer's scripts; 256 MiB: the largest have a few, mostly sums of files.
    /// </summary>
    private const long MaxControlTarBytes = 256L << 20;

    /// <summary>How many sentences about members of one package are said; a hostile one has as many as it likes.</summary>
    private const int MaxMemberMistakes = 5;

    /// <summary>How much of what dpkg-deb says is kept.</summary>
    private const int MaxErrorBytes = 4096;

    /// <summary>The first moment that is believed: older stamps break who builds or unpacks packages, 1970 above all.</summary>
    private static readonly DateTimeOffset Earliest = new(1975, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>How far in the future a time stamp may be: a builder's clock, and its zone.</summary>
    private static readonly TimeSpan Ahead = TimeSpan.FromHours(24);

    /// <param name="path">The package: a plain file, with an absolute path.</param>
    /// <param name="checksTimes">Whether the members' time stamps matter; they don't in a <c>.udeb</c>.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<DebContents> ReadAsync(string path, bool checksTimes, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(policy.PackageTimeout, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        var members = new MemberCheck(checksTimes, Earliest.ToUnixTimeSeconds(), (time.GetUtcNow() + Ahead).ToUnixTimeSeconds());
        var mistakes = new List<string>();
        try
        {
            var seen = false;
            var control = await ScanAsync(
                "--ctrl-tarfile", path, member =>
                    members.Look(member) && IsControl(member, ref seen, mistakes), MaxControlTarBytes, mistakes, stop.Token)
                .ConfigureAwait(false);
            var data = await ScanAsync(
                "--fsys-tarfile", path, member =>
                    members.Look(member) && false, policy.MaxUnpackedBytes, mistakes, stop.Token).ConfigureAwait(false);
            mistakes.AddRange(members.Mistakes);
            if (control.Mistake is null && !seen)
                mistakes.Add("has no control file in it");
            return new DebContents { Control = Parse(control.Content, mistakes), Mistakes = mistakes };
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            mistakes.Add($"could not be read within {policy.PackageTimeout.TotalMinutes:0.#} minutes");
            return new DebContents { Mistakes = mistakes };
        }
    }

    /// <summary>The plain file <c>./control</c>, once; dpkg takes the last of several, other readers the first.</summary>
    private static bool IsControl(TarMember member, ref bool seen, List<string> mistakes)
    {
        if (member.Name is not ("./control" or "control"))
            return false;
        if (member.Type != '0')
            mistakes.Add("has a control file that is no plain file");
        else if (seen)
            mistakes.Add("has more than one control file");
        var isFirst = !seen;
        seen = true;
        return isFirst && member.Type == '0';
    }

    private async Task<TarScan> ScanAsync(
        string what, string path, Func<TarMember, bool> onMember, long maxBytes, List<string> mistakes, CancellationToken cancellationToken)
    {
        var scan = new TarScan(onMember, maxBytes, policy.MaxMembers, ControlLimits.MaxFileBytes);
        var errors = new ArrayBufferWriter<byte>();
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var command = Command.Of("dpkg-deb", what, path).WithEnvironment("LC_ALL", "C.UTF-8") with { StopGrace = TimeSpan.FromSeconds(1) };
        try
        {
            var result = await ProcessRunner.RunSeparatedAsync(
                command,
                bytes =>
                {
                    scan.Write(bytes);
                    if (scan.Mistake is not null)
                        enough.Cancel();
                },
                bytes => errors.Write(bytes[..Math.Min(bytes.Length, MaxErrorBytes - errors.WrittenCount)]),
                enough.Token).ConfigureAwait(false);
            if (!result.Succeeded && scan.Mistake is null)
                mistakes.Add($"can't be read by dpkg-deb {what}: {Said(errors, path, result)}");
            else if (!scan.IsComplete && scan.Mistake is null)
                mistakes.Add($"has a tar ({what}) that ends in the middle");
        }
        catch (OperationCanceledException) when (scan.Mistake is not null && !cancellationToken.IsCancellationRequested)
        {
            // stopped by ourselves: enough was seen
        }

        if (scan.Mistake is { } mistake)
            mistakes.Add($"has a tar ({what}) that is refused: {mistake}");
        return scan;
    }

    /// <summary>What dpkg-deb says, without our own folders.</summary>
    private static string Said(ArrayBufferWriter<byte> errors, string path, ProcessResult result)
    {
        var text = Encoding.UTF8.GetString(errors.WrittenSpan).Replace(path, Path.GetFileName(path), StringComparison.Ordinal);
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return lines.Length == 0 ? result.Describe() : string.Join("; ", lines);
    }

    private static Paragraph? Parse(ReadOnlyMemory<byte>? content, List<string> mistakes)
    {
        if (content is not { } bytes)
            return null;
        try
        {
            if (ControlReader.Read("control", bytes) is [var paragraph])
                return paragraph;
            mistakes.Add("has a control file that is not one paragraph");
        }
        catch (ControlFileException e)
        {
            mistakes.Add($"has a control file that can't be read{(e.Line is { } line ? $", line {line}" : "")}: {e.Mistake}");
        }

        return null;
    }

    /// <summary>Names that leave the folder they are unpacked in, and times that nobody believes.</summary>
    private sealed class MemberCheck(bool checksTimes, long earliest, long latest)
    {
        private readonly List<string> _mistakes = [];
        private int _more;

        public IEnumerable<string> Mistakes => _more == 0 ? _mistakes : _mistakes.Append($"has {_more} more members like these");

        /// <summary>Always true, so that it can stand before another question.</summary>
        public bool Look(TarMember member)
        {
            if (member.Name.Length == 0 || member.Name[0] == '/' || member.Name.Split('/').Contains(".."))
                Add($"has the member {FileName.Display(member.Name)}, which leads out of the package");
            if (checksTimes && (member.ModifiedSeconds < earliest || member.ModifiedSeconds > latest))
                Add(
                    $"has the member {FileName.Display(member.Name)} with the time {Shown(member.ModifiedSeconds)}, which is not "
                        + "between 1975 and tomorrow");
            return true;
        }

        private void Add(string mistake)
        {
            if (_mistakes.Count < MaxMemberMistakes)
                _mistakes.Add(mistake);
            else
                _more++;
        }

        private static string Shown(long seconds) =>
            seconds is > -62135596800 and < 253402300799
                ? DateTimeOffset.FromUnixTimeSeconds(seconds)
                .ToString("yyyy-MM-dd HH:mm:ss", System.Globalization.CultureInfo.InvariantCulture)
                : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{seconds} s after 1970");
    }
}
