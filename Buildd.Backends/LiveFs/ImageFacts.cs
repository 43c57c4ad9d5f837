using System.Text;
using Buildd.Backends.Commands;

namespace Buildd.Backends.LiveFs;

/// <summary>
/// The list of an image's packages and its size, where the tool has made none. They are told from what live-build leaves, or else
/// read from the results themselves with what programs there are inside; most makers of a kind of image bring one that reads it.
/// </summary>
internal static class ImageFacts
{
    internal const string Manifest = "manifest";
    internal const string Size = "size";

    /// <summary>
    /// Arguments: the folder, and the names of the list and the size that are to be made; empty for one that is not wanted. Reads the
    /// results' paths, one in each line. An image without packages there is not: an empty list says that nothing is known.
    /// </summary>
    internal static readonly string Script = Scripts.Text("LiveFs/image-facts.sh");

    /// <summary>Makes what is missing among the results.</summary>
    /// <returns>All results.</returns>
    internal static async Task<IReadOnlyList<ImageFile>> CompleteAsync(
        ImageSite site, IReadOnlyList<ImageFile> made, CancellationToken abort)
    {
        if (made.Count == 0)
            site.Site.Context.Log.WriteLine("No image was made, but nothing that ran has failed");
        var names = ((string[])[Manifest, Size])
            .Select(
                ending => made.Any(file => file.Name.EndsWith("." + ending, StringComparison.Ordinal))
                    ? ""
                    : $"{ImageFiles.Prefix}{site.Image.Project}.{ending}")
            .ToList();
        if (names.All(name => name.Length == 0))
            return made;
        var paths = Encoding.UTF8.GetBytes(string.Concat(made.Select(file => $"./{file.Path}\n")));
        await site.RunScriptAsync("list the image's packages and its size", Script, [ImageSite.Folder, .. names], abort, paths)
            .ConfigureAwait(false);
        return [.. made, .. names.Where(name => name.Length > 0).Select(name => new ImageFile(name, name))];
    }
}
