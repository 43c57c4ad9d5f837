using Buildd.Backends.DebianBuilds;
using Buildd.Backends.Steps;
using Buildd.Backends.TranslationTemplates;
using Buildd.Linux.Processes;
using Buildd.Protocol.XmlRpc;
using Buildd.Slave.Builds;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.DebianBuilds;

/// <summary>Passwords of repositories reach the programs that fetch, and no command line.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class RepositoryTests
{
    [TestCase("https://git.example/x.git", "https://git.example/x.git", "")]
    [TestCase("https://u:p@git.example/x.git", "https://git.example/x.git", "https://u:p@git.example")]
    [TestCase("http://u:p%2Fw@git.example:8080/x?y", "http://git.example:8080/x?y", "http://u:p%2Fw@git.example:8080")]
    [TestCase("https://token@git.example/x", "https://git.example/x", "https://token:@git.example")]
    [TestCase("https://u:p@w@git.example/x", "https://git.example/x", "https://u:p@w@git.example")]
    [TestCase("https://u:p/w@git.example/x", "https://git.example/x", "")]
    [TestCase("ssh://git@git.example/x", "ssh://git@git.example/x", "")]
    [TestCase("ssh://git:p@git.example/x", "ssh://git@git.example/x", "")]
    [TestCase("git@git.example:x", "git@git.example:x", "")]
    [TestCase("lp:x", "lp:x", "")]
    [TestCase("/srv/x", "/srv/x", "")]
    public void An_address_is_taken_apart(string address, string all, string line)
    {
        var repository = RepositoryUrl.Parse(address);

        Assert.That((repository.Public, repository.StoreLine), Is.EqualTo((all, line)));
        Assert.That(repository.ToString(), Is.EqualTo(all), "what a log may get");
    }

    [Test]
    public void A_recipe_keeps_all_but_its_passwords()
    {
        const string Recipe = "# git-build-recipe format 0.4 deb-version 1\nhttps://u:p@a.example/x main\n"
            + "merge y https://v:q@b.example/y\nnest z https://u:p@a.example/x z\nmerge w https://c.example/w\n";

        var text = RepositoryUrl.TakeOut(Recipe, out var repositories);

        Assert.That(text, Is.EqualTo(
            Recipe.Replace("u:p@", "", StringComparison.Ordinal).Replace("v:q@", "", StringComparison.Ordinal)));
        Assert.That(
            repositories.Select(repository => repository.StoreLine),
            Is.EqualTo(new[] { "https://u:p@a.example", "https://v:q@b.example" }));
    }

    [TestCase("https://h.example:8443/a", "u@", "p/\"w")]
    [TestCase("https://h.example:8443/b", "v", "q")]
    [TestCase("https://h.example:8443/a-submodule", "u@", "p/\"w")]
    public async Task Git_finds_the_password_of_each_repository_and_its_submodules(string url, string user, string password)
    {
        using var folder = new TemporaryDirectory();
        await WriteAsync(folder, "https://u%40:p%2F%22w@h.example:8443/a", "https://v:q@h.example:8443/b");

        var answer = await ProcessRunner.CaptureAsync(Command.Of("git", "credential", "fill")
            .WithEnvironment("HOME", folder.Path).WithEnvironment("GIT_CONFIG_NOSYSTEM", "1").WithEnvironment("GIT_TERMINAL_PROMPT", "0")
            with
        { StandardInput = System.Text.Encoding.UTF8.GetBytes($"url={url}\n\n") });

        Assert.That(answer, Does.Contain($"username={user}\n").And.Contain($"password={password}\n"));
    }

    [Test]
    public void Bazaar_reads_a_value_with_every_character_as_it_is()
    {
        var files = RepositoryHome.FilesFor([RepositoryUrl.Parse("https://u,1:a%22%23b@h.example:81/x")]).ToList();

        Assert.That(
            files.Where(file => file.Name.EndsWith("authentication.conf", StringComparison.Ordinal)).Select(file => file.Content)
                .Distinct(),
            Is.EqualTo(new[]
            {
                "[buildd-0]\nscheme = https\nhost = \"h.example\"\nport = 81\nuser = \"u,1\"\npassword = 'a\"#b'\n",
            }));
    }

    [Test]
    public void Without_a_password_there_are_no_files() =>
        Assert.That(RepositoryHome.FilesFor([RepositoryUrl.Parse("https://h.example/x"), RepositoryUrl.Parse("lp:x")]), Is.Empty);

    [TestCase("git_repository")]
    [TestCase("branch")]
    public async Task No_command_that_fetches_a_tree_has_its_password_and_what_has_it_is_removed(string argument)
    {
        const string Token = "tok-Xy7QpLm2";
        var request = TemplatesRequest.Parse(new BuildRequest
        {
            BuildId = "TRANSLATIONTEMPLATESBUILD-1",
            Files = new Dictionary<string, string>(),
            ChrootPath = "/cache/0",
            Arguments = new XmlRpcStruct { ["series"] = "bookworm", [argument] = $"https://user:{Token}@h.example/x" },
            DefaultArchitecture = "amd64",
        });
        var system = new ScriptedSystem();
        var user = new BuildUser("sbuild", 1, 2, "", "", "");

        await new TreeCheckout(request, system, user, "/build/source-tree").RunAsync(_ => { }, CancellationToken.None);

        Assert.That(system.Ran.Select(ran => ran.Command.ToString()), Has.None.Contains(Token));
        Assert.That(system.Ran.Select(ran => ran.Description ?? ""), Has.None.Contains(Token));
        Assert.That(system.Ran.Where(ran => ran.Input.Contains(Token, StringComparison.Ordinal)), Is.Not.Empty, "it came in this way");
        Assert.That(
            system.Ran.Select(ran => ran.Command.ToString()).Last(command => command.Contains(".fetch-home", StringComparison.Ordinal)),
            Does.Contain("rm -rf -- /build/.fetch-home"));
    }

    private static async Task WriteAsync(TemporaryDirectory folder, params string[] urls)
    {
        foreach (var (name, content) in RepositoryHome.FilesFor([.. urls.Select(RepositoryUrl.Parse)]))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(folder[name])!);
            await File.WriteAllTextAsync(folder[name], content);
        }
    }
}
