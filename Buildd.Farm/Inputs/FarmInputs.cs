using Buildd.Farm.Store;
using Buildd.Master.Builds;
using Buildd.Master.Inputs;
using Buildd.Protocol;

namespace Buildd.Farm.Inputs;

/// <summary>Tells the master where slaves get what is in the farm's own folder of inputs.</summary>
/// <param name="chroots">Which chroot is for what.</param>
/// <param name="inputs">The files.</param>
/// <param name="url">Where they are served: <c>URL/SHA1/NAME</c>.</param>
internal sealed class FarmInputs(ChrootRecords chroots, InputStore inputs, Uri url) : IInputSource
{
    /// <inheritdoc/>
    public async Task<InputFile?> FindChrootAsync(string series, string archTag, CancellationToken cancellationToken = default) =>
        await chroots.FindAsync(series, archTag, cancellationToken) is { } chroot ? Find(chroot.Name, chroot.Sha1) : null;

    /// <inheritdoc/>
    /// <remarks>Only by sum: a name says nothing of what was meant when the build was queued.</remarks>
    public Task<InputFile?> FindFileAsync(Build build, string name, Sha1? sha1, CancellationToken cancellationToken = default) =>
        Task.FromResult(sha1 is { } known ? Find(name, known) : null);

    private InputFile? Find(string name, Sha1 sha1) => inputs.Find(sha1) is null
        ? null
        : new InputFile { Name = name, Sha1 = sha1, Url = new Uri(url, $"{sha1}/{Uri.EscapeDataString(name)}").AbsoluteUri };
}
