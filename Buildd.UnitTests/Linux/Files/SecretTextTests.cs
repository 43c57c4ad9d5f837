using Buildd.Linux.Files;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Linux.Files;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class SecretTextTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestCase(UnixFileMode.UserRead, true, true)]
    [TestCase(UnixFileMode.UserRead | UnixFileMode.GroupRead, true, true)]
    [TestCase(UnixFileMode.UserRead | UnixFileMode.OtherRead, true, false)]
    [TestCase(UnixFileMode.UserRead | UnixFileMode.OtherWrite, true, false)]
    [TestCase(UnixFileMode.UserRead | UnixFileMode.OtherRead, false, true)]
    public void A_secret_that_everybody_may_read_or_write_is_refused_by_a_link_too(UnixFileMode mode, bool isSecret, bool isTaken)
    {
        File.WriteAllText(_folder["file"], "secret\n");
        File.SetUnixFileMode(_folder["file"], mode);
        File.CreateSymbolicLink(_folder["link"], _folder["file"]);

        foreach (var path in (string[])[_folder["file"], _folder["link"]])
        {
            if (isTaken)
                Assert.That(SecretText.Read(path, isSecret), Is.EqualTo("secret\n"));
            else
                Assert.That(
                    () => SecretText.Read(path, isSecret),
                    Throws.TypeOf<IOException>().With.Message.EqualTo(
                        $"everybody on this machine may read or write '{path}': chmod o= it"));
        }
    }

    [Test]
    public void What_is_missing_empty_too_large_or_a_folder_is_named()
    {
        File.WriteAllText(_folder["empty"], "");
        File.WriteAllBytes(_folder["large"], new byte[SecretText.MaxBytes + 1]);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => SecretText.Read(_folder["none"]), Throws.TypeOf<IOException>().With.Message.Contains("there is no file"));
            Assert.That(() => SecretText.Read(_folder.Path), Throws.TypeOf<IOException>().With.Message.Contains("there is no file"));
            Assert.That(() => SecretText.Read(_folder["empty"]), Throws.TypeOf<IOException>().With.Message.Contains("has 0 bytes"));
            Assert.That(() => SecretText.Read(_folder["large"]), Throws.TypeOf<IOException>().With.Message.Contains("has 1048577 bytes"));
        }
    }
}
