using Buildd.Backends.Root;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.Root;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class SchrootDefinitionTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public void Is_there_until_it_is_removed()
    {
        SchrootDefinition.Write(_folder.Path, "PACKAGEBUILD-22", "/work/chroot");

        const string Name = "build-PACKAGEBUILD-22-e2ebaa534d0f";
        Assert.That(File.ReadAllText(_folder[Name]), Is.EqualTo(
            $"[{Name}]\ndescription={Name}\ngroups=sbuild,root\nroot-groups=sbuild,root\ntype=plain\ndirectory=/work/chroot\n"));

        SchrootDefinition.Remove(_folder.Path, "PACKAGEBUILD-22", "/work/chroot");

        Assert.That(Directory.GetFiles(_folder.Path), Is.Empty);
        Assert.That(() => SchrootDefinition.Remove(_folder.Path, "PACKAGEBUILD-22", "/work/chroot"), Throws.Nothing);
    }

    [TestCase("a.b", "build-a_b-e2ebaa534d0f")]
    [TestCase("a b]\\", "build-a_b__-e2ebaa534d0f")]
    [TestCase("Grüße_1-2", "build-Gr__e_1-2-e2ebaa534d0f")]
    public void Its_name_has_only_what_schroot_takes(string id, string name)
    {
        SchrootDefinition.Write(_folder.Path, id, "/work/chroot");

        Assert.That(File.ReadLines(_folder[name]).First(), Is.EqualTo($"[{name}]"));
    }

    [Test]
    public void Builds_of_one_name_in_two_places_have_a_definition_each()
    {
        SchrootDefinition.Write(_folder.Path, "1", "/work/chroot");
        SchrootDefinition.Write(_folder.Path, "1", "/other/chroot");

        Assert.That(Directory.GetFiles(_folder.Path), Has.Length.EqualTo(2));
        SchrootDefinition.Remove(_folder.Path, "1", "/other/chroot");
        Assert.That(Directory.GetFiles(_folder.Path).Single(), Does.EndWith("build-1-e2ebaa534d0f"));
    }

    [Test]
    public void The_file_of_another_build_is_kept()
    {
        const string Foreign = "[build-1-e2ebaa534d0f]\ntype=plain\ndirectory=/work/chroot-other\n";
        File.WriteAllText(_folder["build-1-e2ebaa534d0f"], Foreign);

        Assert.That(
            () => SchrootDefinition.Write(_folder.Path, "1", "/work/chroot"), Throws.InstanceOf<IOException>()
                .With.Message.Contains("another build"));
        SchrootDefinition.Remove(_folder.Path, "1", "/work/chroot");
        Assert.That(File.ReadAllText(_folder["build-1-e2ebaa534d0f"]), Is.EqualTo(Foreign));
    }

    [Test]
    public void One_of_this_build_that_was_left_behind_is_taken_over()
    {
        File.WriteAllText(_folder["build-1-e2ebaa534d0f"], "[build-1-e2ebaa534d0f]\ndirectory=/work/chroot\nold=yes\n");

        SchrootDefinition.Write(_folder.Path, "1", "/work/chroot");

        Assert.That(File.ReadAllText(_folder["build-1-e2ebaa534d0f"]), Does.Not.Contain("old"));
    }

    [Test]
    public void A_path_with_a_line_end_in_it_adds_no_lines_of_its_own()
    {
        Assert.That(() => SchrootDefinition.Write(_folder.Path, "1", "/work\nroot-users=me"), Throws.InstanceOf<IOException>());
        Assert.That(Directory.GetFiles(_folder.Path), Is.Empty);
    }

    [Test]
    public void A_folder_that_is_not_there_is_a_failure() =>
        Assert.That(() => SchrootDefinition.Write(_folder["none"], "1", "/work/chroot"), Throws.InstanceOf<IOException>());
}
