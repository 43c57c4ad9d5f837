using Buildd.Backends.Steps;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.Steps;

[Parallelizable(ParallelScope.All)]
public sealed class BuildUserTests
{
    private static readonly string[] Passwd =
    [
        "root:x:0:0:root:/root:/bin/sh",
        "sbuild:x:104:107:Debian source builder,,,:/var/lib/sbuild:/bin/bash",
        "buildd:x:2001:2501::/home/buildd:/bin/bash",
        "buil:x:2002:2501::/home/buil:/bin/bash",
        "orphan:x:2003:9999::/:/bin/sh",
        "toor:x:0:107::/:/bin/sh",
        "short:x:1",
    ];

    private static readonly string[] Group = ["root:x:0:", "sbuild:x:107:root,buildd,toor,orphan", "buildd:x:2501:"];

    [Test]
    public void A_user_whose_own_group_is_sbuild_is_found()
    {
        var (user, mistake) = BuildUser.Find("sbuild", Passwd, Group);

        Assert.That(mistake, Is.Null);
        Assert.That(user, Is.EqualTo(new BuildUser("sbuild", 104, 107, Passwd[1], Group[1], Group[1])));
    }

    [Test]
    public void A_user_who_is_a_member_of_sbuild_is_found()
    {
        var (user, mistake) = BuildUser.Find("buildd", Passwd, Group);

        Assert.That(mistake, Is.Null);
        Assert.That(user, Is.EqualTo(new BuildUser("buildd", 2001, 2501, Passwd[2], Group[2], Group[1])));
    }

    [TestCase("nobody", "there is no user 'nobody'")]
    [TestCase("short", "there is no user 'short'")]
    [TestCase("", "there is no user ''")]
    [TestCase("root", "not built by root")]
    [TestCase("toor", "not built by root")]
    [TestCase("orphan", "user 'orphan' has the group 9999")]
    [TestCase("buil", "user 'buil' is not in the group 'sbuild'")]
    public void A_user_who_can_not_build_is_told_why(string name, string reason)
    {
        var (user, mistake) = BuildUser.Find(name, Passwd, Group);

        Assert.That(user, Is.Null);
        Assert.That(mistake, Does.Contain(reason));
    }

    [Test]
    public void A_machine_without_sbuild_is_told_what_to_install() =>
        Assert.That(BuildUser.Find("buildd", Passwd, ["buildd:x:2501:"]).Mistake, Does.Contain("install sbuild"));

    [Test]
    public void The_files_of_this_machine_can_be_read() =>
        Assert.That(BuildUser.Find("root").Mistake, Is.Not.Null);
}
