using Buildd.Protocol;

namespace Buildd.Slave.Files;

/// <summary>Something that was made of a file of the cache.</summary>
/// <param name="Sha1">The file's sum.</param>
/// <param name="Bytes">How much of the disk it takes.</param>
/// <param name="LastUse">When it was used last.</param>
public sealed record DerivedFile(Sha1 Sha1, long Bytes, DateTimeOffset LastUse);
