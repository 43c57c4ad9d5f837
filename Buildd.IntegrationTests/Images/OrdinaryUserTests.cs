using Buildd.IntegrationTests.Support;
using Buildd.Protocol.Messages;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Images;

/// <summary>
/// A slave that is not root makes images too, through sudo: what it takes out of their systems, and what it lets these read.
/// </summary>
[NonParallelizable]
[CancelAfter(600_000)]
public class OrdinaryUserTests : LiveFsFixture
{
    private OrdinaryUser? _user;

    [Test]
    public async Task A_result_that_only_root_may_read_is_the_slave_s_in_the_end()
    {
        var outcome = await BuildAsync(await RecipesAsync(StandInRecipes.Tiny));

        Assert.That(outcome.Succeeded, outcome.Story);
        Assert.That(
            outcome.Files.Select(file => file.Name),
            Is.SupersetOf((string[])["livecd.tiny.img", "livecd.tiny.manifest", "livecd.tiny.size"]));
        Assert.That(await File.ReadAllTextAsync(Path.Combine(outcome.Folder!, "livecd.tiny.img")), Is.EqualTo("tiny\n"));
        Assert.That(
            await File.ReadAllTextAsync(
                Path.Combine(outcome.Folder!, "livecd.tiny.manifest")), Is.Empty, "nothing can be told of its packages");
        Assert.That(await File.ReadAllTextAsync(Path.Combine(outcome.Folder!, "livecd.tiny.size")), Is.EqualTo("5\n"));
        Assert.That(
            outcome.Log, Does.Contain("livecd.tiny.manifest is empty").And.Contain("livecd.tiny.size is that of the largest image"));
        AssertNothingIsLeft();
    }

    [Test]
    public async Task A_branch_of_the_machine_is_read_and_a_folder_beside_it_is_not()
    {
        await GitRepository.CommitAsync(Folder["branches/empty"], "echo > readme");

        var outcome = await BuildAsync((await SmallArgumentsAsync()) with { ConfigBranch = $"file://{Folder["branches/empty"]}" });

        Assert.That(outcome.Status, Is.EqualTo(BuildStatus.PackageFail), outcome.Story);
        Assert.That(outcome.Log, Does.Contain("revision: ").And.Contain("neither auto/ nor config/"));
        var (code, said) = await _user!.AskAsync("bind", "x", "/etc", "/x");
        Assert.That(code, Is.Not.Zero, said);
        AssertNothingIsLeft();
    }

    private protected override async Task<SlaveDaemon> StartSlaveAsync()
    {
        _user = await OrdinaryUser.CreateAsync();
        await File.AppendAllTextAsync(_user.Configuration, Section);
        return await SlaveDaemon.StartAsync(_user);
    }

    private protected override async Task RemoveUserAsync()
    {
        if (_user is not null)
            await _user.DisposeAsync();
    }
}
