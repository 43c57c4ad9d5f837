using System.Text;
using Buildd.Backends.Recipe;
using Buildd.Debian;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.Recipe;

[Parallelizable(ParallelScope.All)]
public sealed class RecipeTests
{
    private const string Heading = "The following packages have unmet dependencies:\n";

    [TestCase(Heading + " builddeps:fx : Depends: no-such-dev (>= 2.0) but it is not installable\n", "no-such-dev (>= 2.0)")]
    [TestCase(Heading + " builddeps:fx : Depends: no-such-dev but it is not installable\n", "no-such-dev")]
    [TestCase(Heading + " builddeps:fx : Depends: a but x : Depends: last-one\n", "last-one")]
    [TestCase(Heading + " x : Depends: a:any (= 1)\n                  Depends: b but\n", "a:any (= 1)")]
    [TestCase(Heading + " x : Conflicts: y\n y : Depends: z but it is not\n", null)]
    [TestCase("Reading package lists...\n x : Depends: a but it is not installable\n", null)]
    [TestCase(Heading, null)]
    [TestCase(Heading + " x : Depends: \n", null)]
    [TestCase("echo " + Heading + " x : Depends: a\n", null)]
    [TestCase("", null)]
    public void The_relation_is_what_stands_behind_the_last_Depends_of_the_line_after_the_heading(string output, string? relation)
    {
        var unmet = new UnmetDependency();

        foreach (var value in Encoding.UTF8.GetBytes(output))
            unmet.Write([value]); // as it can come

        Assert.That(unmet.Relation, Is.EqualTo(relation));
    }

    [Test]
    public void A_line_without_end_is_not_kept()
    {
        var unmet = new UnmetDependency();
        unmet.Write(Encoding.UTF8.GetBytes(Heading + " x : Depends: a"));
        var piece = Encoding.UTF8.GetBytes(new string('b', 10_000));
        for (var i = 0; i < 1000; i++)
            unmet.Write(piece);
        unmet.Write("\n"u8);

        Assert.That(unmet.Relation, Is.Null);
    }

    [Test]
    public void The_archive_has_the_relations_of_the_tree_and_nothing_else_of_it()
    {
        var archive = DependencyArchive.From(Encoding.UTF8.GetBytes(
            """
            # a comment
            Source: fx-recipe
            Version: 7
            Build-Depends: debhelper (>= 9),
            # another
             make
            Build-Conflicts: nothing
            Files:
             0 0 evil

            Package: fx-recipe
            Architecture: any

            """));

        var sources = Encoding.UTF8.GetString(archive.Files["Sources"]);
        Assert.That(archive.Package, Is.EqualTo("fx-recipe"));
        Assert.That(
            Encoding.UTF8.GetString(archive.Files["fx-recipe_99.dsc"]),
            Is.EqualTo(
                "Format: 1.0\nSource: fx-recipe\nVersion: 99:0\nMaintainer: Build Daemon <buildd@localhost>\nArchitecture: "
                    + "any\nBuild-Depends: debhelper (>= 9), make\nBuild-Conflicts: nothing\n"));
        Assert.That(
            sources, Does.StartWith("Package: fx-recipe\n").And.Contain("\nVersion: 99:0\n").And.Not.Contain("evil")
                .And.Not.Contain("Version: 7"));
        Assert.That(Encoding.UTF8.GetString(archive.Files["Release"]), Does.Contain($" {archive.Files["Sources"].Length} Sources\n"));
    }

    [TestCase("", "is empty")]
    [TestCase("Package: x\n", "does not say what source it is of")]
    [TestCase("Source: ../x\n", "no package has")]
    [TestCase("Source: x y\n", "no package has")]
    [TestCase("Source: -x\n", "no package has")]
    [TestCase("Source: fx\nnonsense\n", "neither a field nor the continuation of one")]
    [TestCase("Source: fx\nSource: fy\n", "a second time")]
    public void A_control_file_that_is_none_is_told(string control, string reason) =>
        Assert.That(
            () => DependencyArchive.From(Encoding.UTF8.GetBytes(control)),
            Throws.InstanceOf<InvalidDataException>().Or.InstanceOf<DebianException>().With.Message.Contains(reason));

    [TestCase("git-build-recipe brz-build-daily-recipe", null, null)]
    [TestCase("git-build-recipe", null, "recipes of Bazaar can't be built")]
    [TestCase("bzr", null, "recipes of git can't be built")]
    [TestCase("git", "builds of recipes are not offered", null)]
    public void What_is_missing_is_told(string installed, string? mistake, string? gap)
    {
        bool IsInstalled(string name) => installed.Split(' ').Contains(name);

        Assert.That(
            RecipeBackend.FindMistake(IsInstalled), mistake is null ? Is.Null : Does.Contain(mistake)
                .And.Contain("install git-build-recipe"));
        Assert.That(RecipeBackend.FindGap(IsInstalled), gap is null ? Is.Null : Does.Contain(gap));
    }

    [TestCase(true, "git-build-recipe", "git-build-recipe")]
    [TestCase(true, "brz-build-daily-recipe", null)]
    [TestCase(false, "git-build-recipe", null)]
    [TestCase(false, "brz-build-daily-recipe", "brz-build-daily-recipe")]
    [TestCase(false, "bzr", "bzr -Derror dailydeb")]
    public void The_tool_is_that_of_the_recipe(bool git, string installed, string? command) =>
        Assert.That(RecipeTool.Find(git, name => name == installed)?.ToString(), Is.EqualTo(command));
}
