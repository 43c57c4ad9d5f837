using System.Globalization;
using System.Text;
using Buildd.Backends.Commands;
using Buildd.Backends.Steps;
using Buildd.Linux.Processes;
using Buildd.Protocol.Messages.Arguments;

namespace Buildd.Backends.LiveFs.Mmdebstrap;

/// <summary>
/// mmdebstrap: a root file system as squashfs or tarball in a minute. The same inputs give the same bytes where a date is given.
/// </summary>
internal sealed class MmdebstrapTool : IImageTool
{
    /// <inheritdoc/>
    public string Name => "mmdebstrap";

    /// <inheritdoc/>
    public IImageBuild Prepare(LiveFsArguments arguments, LiveFsOptions options) =>
        new MmdebstrapBuild(MmdebstrapArguments.Check(arguments));
}

/// <summary>The making of one root file system.</summary>
internal sealed class MmdebstrapBuild(MmdebstrapArguments arguments) : IImageBuild
{
    /// <summary>
    /// The first word is the image; of its name the list of packages and the size are made. A squashfs is packed from the stream of
    /// the tarball, by the tool mmdebstrap itself uses, but with a compressor that takes a fifth of the time.
    /// </summary>
    private static readonly string MakeScript = Scripts.Text("LiveFs/Mmdebstrap/make-image.sh");

    private static readonly (string Sign, string Stage, double Fraction)[] Stages =
    [
        ("running apt-get update", "update", 0.02),
        ("downloading packages", "download", 0.1),
        ("extracting archives", "extract", 0.2),
        ("installing essential packages", "essential", 0.3),
        ("installing remaining packages", "install", 0.45),
        ("cleaning package lists", "clean", 0.65),
        ("creating tarball", "pack", 0.7),
    ];

    internal MmdebstrapArguments Arguments => arguments;

    /// <inheritdoc/>
    public async Task RunAsync(ImageSite site, CancellationToken abort)
    {
        await site.InstallAsync(["mmdebstrap", "squashfs-tools-ng"], withRecommends: false, abort).ConfigureAwait(false);
        site.Enter(Phase.LiveFs);
        await site.RunAsync(Make(site.Image), ReadStage, abort).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ImageFile>> FindResultsAsync(ImageSite site, CancellationToken abort)
    {
        var found = await site.FindAsync(["-maxdepth", "1", "-name", ImageFiles.Prefix + "*"], abort).ConfigureAwait(false);
        return [.. found.Select(name => new ImageFile(name, name))];
    }

    internal Command Make(ImageArguments image)
    {
        var name = $"{ImageSite.Folder}/{ImageFiles.Prefix}{image.Project}";
        var make = Command.Of("bash", "-c", MakeScript, "bash", name, arguments.Format, image.System.Series,
            "--mode=root", $"--architectures={image.System.Architecture}", $"--variant={arguments.Variant}",
            // Everybody's name servers and host name are not the image's.
            "--customize-hook=rm -f \"$1/etc/resolv.conf\" \"$1/etc/hostname\"",
            $"--customize-hook=dpkg-query --admindir=\"$1/var/lib/dpkg\" -W > {name}.manifest",
            $"--customize-hook=du -x -B1 -s --apparent-size \"$1\" | cut -f1 > {name}.size")
            .With(arguments.Packages.Count > 0 ? [$"--include={string.Join(',', arguments.Packages)}"] : [])
            .WithEnvironment("LANG", "C.UTF-8") with
        { WorkingDirectory = ImageSite.Folder };
        return image.SourceDateEpoch is { } epoch ? make.WithEnvironment(
            "SOURCE_DATE_EPOCH", epoch.ToString(CultureInfo.InvariantCulture)) : make;
    }

    /// <summary>As <see cref="StageReader"/>.</summary>
    internal static (string Stage, double? Fraction)? ReadStage(ReadOnlySpan<byte> line)
    {
        if (!line.StartsWith("I: "u8))
            return null;
        var text = Encoding.UTF8.GetString(line[3..]);
        foreach (var (sign, stage, fraction) in Stages)
        {
            if (text.StartsWith(sign, StringComparison.Ordinal))
                return (stage, fraction);
        }

        return null;
    }
}
