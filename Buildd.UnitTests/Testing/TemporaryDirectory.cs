namespace Buildd.UnitTests.Testing;

/// <summary>A folder of a test's own, removed with everything in it.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    internal TemporaryDirectory() => Path = Directory.CreateTempSubdirectory("buildd-test-").FullName;

    /// <summary>One below another folder than the usual, to have it on another file system.</summary>
    internal TemporaryDirectory(string parent) =>
        Path = Directory.CreateDirectory(System.IO.Path.Combine(parent, $"buildd-test-{Guid.NewGuid():N}")).FullName;

    internal string Path { get; }

    internal string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
