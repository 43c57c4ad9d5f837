using Buildd.Backends.Environments;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.Environments;

[Parallelizable(ParallelScope.All)]
public sealed class SubordinateIdsTests
{
    [TestCase("buildd:100000:65536", "buildd:200000:65536", 100000u, 200000u)]
    [TestCase("other:1:65536\n1234:100000:70000", "buildd:5:65536", 100000u, 5u, TestName = "An_account_may_stand_there_by_its_number")]
    [TestCase("buildd:1:10\nbuildd:100000:65536", "buildd:1:65536", 100000u, 1u, TestName = "Too_few_numbers_are_passed_over")]
    [TestCase(
        "# text\n\nbuildd\nbuildd:x:65536\nbuildd:3:65536", "buildd:1:65536", 3u, 1u, TestName = "Lines_that_are_none_are_passed_over")]
    public void Numbers_are_found(string users, string groups, uint firstUser, uint firstGroup) =>
        Assert.That(Find(users, groups), Is.EqualTo((new SubordinateIds(firstUser, firstGroup), (string?)null)));

    [TestCase("", "buildd:1:65536", "in /etc/subuid that")]
    [TestCase("buildd:1:65536", "other:1:65536", "in /etc/subgid that")]
    [TestCase("buildd:1:65535", "", "in /etc/subuid and in /etc/subgid that")]
    [TestCase("buildd:0:65536", "buildd:1:65536", "in /etc/subuid that", TestName = "Numbers_from_root_s_on_are_never_taken")]
    public void What_is_missing_is_said_and_what_to_do(string users, string groups, string where)
    {
        var (ids, mistake) = Find(users, groups);

        Assert.That(ids, Is.Null);
        Assert.That(
            mistake, Does.StartWith("user 'buildd' has no 65536 numbers").And.Contain(where)
                .And.Contain("run 'usermod --add-subuids N-M --add-subgids N-M buildd' as root"));
    }

    [Test]
    public void Arguments_of_unshare_have_the_machine_s_number_first()
    {
        var ids = new SubordinateIds(100000, 200000);

        Assert.That(ids.MapAll(), Is.EqualTo(new[] { "--map-users=100000,0,65536", "--map-groups=200000,0,65536" }));
        Assert.That(
            ids.MapFirst(), Is.EqualTo(new[] { "--map-user=0", "--map-users=100000,1,1", "--map-group=0", "--map-groups=200000,1,1" }));
    }

    private static (SubordinateIds?, string?) Find(string users, string groups) =>
        SubordinateIds.Find("buildd", 1234, users.Split('\n'), groups.Split('\n'));
}
