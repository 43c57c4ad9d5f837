namespace Buildd.Master.Uploads.Archives;

/// <summary>A way in which the indexes of an archive can be compressed.</summary>
/// <param name="Extension">The end of the file's name, such as <c>.xz</c>.</param>
/// <param name="Unpack">
/// Returns a stream that unpacks a file while it is read, and closes it with itself. Reading throws <see cref="InvalidDataException"/> when
/// the file is damaged.
/// </param>
public sealed record IndexCompression(string Extension, Func<Stream, Stream> Unpack);
