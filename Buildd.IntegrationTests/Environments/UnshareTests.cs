using System.Globalization;
using Buildd.IntegrationTests.Support;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Environments;

/// <summary>Namespaces of a slave that is not root, and for which sudo has no rule.</summary>
public class UnshareTests : EnvironmentContract
{
    private OrdinaryUser? _user;

    private protected override string Environment => "unshare";

    private protected override async Task<SlaveDaemon> StartSlaveAsync(string lines)
    {
        if (_user is null)
        {
            _user = await OrdinaryUser.CreateAsync(withRule: false);
            await _user.AddSubordinatesAsync();
            await File.AppendAllTextAsync(_user.Configuration, $"environment = {Environment}\n{lines}\n");
        }

        return await SlaveDaemon.StartAsync(_user);
    }

    private protected override async Task RemoveUserAsync()
    {
        if (_user is not null)
            await _user.DisposeAsync();
        _user = null;
    }

    private protected override void AssertNothingIsLeft()
    {
        base.AssertNothingIsLeft();
        Assert.That(ProcessesOfNamespaces(), Is.Empty, "processes of the users of a namespace");
    }

    /// <summary>The numbers of the processes that run as one of the user's own numbers.</summary>
    private List<string> ProcessesOfNamespaces() => [.. Directory.EnumerateDirectories("/proc").Where(path =>
    {
        try
        {
            return File.ReadLines(Path.Combine(path, "status")).FirstOrDefault(line => line.StartsWith("Uid:", StringComparison.Ordinal)) is { } line
                && line.Split('\t').Skip(1).Select(id => uint.Parse(id, CultureInfo.InvariantCulture)).Any(id => id - _user!.FirstSubordinate < 65536);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // no process, or ended meanwhile
        }
    })];
}
