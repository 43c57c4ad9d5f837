using Buildd.Backends.Root;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.Root;

/// <summary>How privileged operations are spelled, and what is no operation.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class RootOperationsTests
{
    private const string Sum = "0123456789abcdef0123456789abcdef01234567";

    private static IEnumerable<TestCaseData<string[]>> Good =>
    [
        new(["check"]),
        new(["try-overlay"]),
        new(["drop", Sum]),
        new(["unpack", "PACKAGEBUILD-22", Sum]),
        new(["overlay", "PACKAGEBUILD-22", Sum]),
        new(["mount", "-x"]),
        new(["write", "@1", "/etc/apt/sources.list", "17"]),
        new(["inside", "1", "0", "apt-get", "-uy", "", "a b\n"]),
        new(["take", "1", "/build/livecd.x.squashfs"]),
        new(["bind", "1", "/srv/git/one", "/build-branch/repository"]),
        new(["define", "Grüße 1"]),
        new(["undefine", "1"]),
        new(["boot", "1", "online"]),
        new(["boot", "1", "offline"]),
        new(["booted", "1"]),
        new(["kill", "1"]),
        new(["unmount", "1"]),
        new(["remove", "1"]),
    ];

    private static IEnumerable<TestCaseData<string[], string>> Bad =>
    [
        new([], "no operation is named"),
        new(["destroy", "1"], "'destroy' with 1 arguments is no operation"),
        new(["CHECK"], "is no operation"),
        new(["check", "1"], "is no operation"),
        new(["unpack", "1"], "is no operation"),
        new(["unpack", "1", Sum, "more"], "is no operation"),
        new(["mount", "1", "2"], "is no operation"),
        new(["boot", "1"], "is no operation"),
        new(["boot", "1", "--private-users"], "is no operation"),
        new(["boot", "1", "online", "--bind=/"], "is no operation"),
        new(["boot", "../x", "online"], "it has a slash in it"),
        new(["booted", "1", "2"], "is no operation"),
        new(["inside", "1", "0"], "is no operation"),
        new(["mount", ""], "it is empty"),
        new(["mount", "."], "it is no name"),
        new(["mount", ".."], "it is no name"),
        new(["mount", "../x"], "it has a slash in it"),
        new(["mount", "a/b"], "it has a slash in it"),
        new(["mount", "a\nb"], "'a?b' can't be used: it has a control character in it"),
        new(["mount", new string('x', 201)], "it is longer than 200 bytes"),
        new(["unpack", "1", ""], "is not the 40 hexadecimal digits"),
        new(["unpack", "1", Sum[1..]], "is not the 40 hexadecimal digits"),
        new(["unpack", "1", "../" + Sum[3..]], "is not the 40 hexadecimal digits"),
        new(["try-overlay", "1"], "is no operation"),
        new(["drop", "../x"], "is not the 40 hexadecimal digits"),
        new(["overlay", "1", Sum + "0"], "is not the 40 hexadecimal digits"),
        new(["overlay", "../x", Sum], "it has a slash in it"),
        new(["write", "1", "etc/x", "0"], "is not the full path of a file"),
        new(["write", "1", "/", "0"], "is not the full path of a file"),
        new(["write", "1", "/etc/../x", "0"], "is not the full path of a file"),
        new(["write", "1", "/etc//x", "0"], "is not the full path of a file"),
        new(["write", "1", "/etc/x\n", "0"], "is not the full path of a file"),
        new(["write", "1", "/" + new string('x', 1024), "0"], "longer than 1024 bytes"),
        new(["write", "1", "/x", "-1"], "is no number of bytes"),
        new(["write", "1", "/x", "16777217"], "is no number of bytes from 0 to 16777216"),
        new(["write", "1", "/x", "99999999999999999999"], "is no number of bytes"),
        new(["take", "1", "/build/../x"], "is not the full path of a file"),
        new(["bind", "1", "/srv/../etc", "/x"], "is not the full path of a file"),
        new(["bind", "1", "/srv", "x"], "is not the full path of a file"),
        new(["inside", "1", "x", "true"], "is no number of bytes"),
        new(["inside", "1", "0", ""], "is not the name of a program"),
        new(["inside", "1", "0", "--userspec=0"], "is not the name of a program"),
        new(["inside", "1", "0", "true", new string('x', 128 * 1024)], "more than 1000 words or 131072 bytes"),
        new(["inside", "1", "0", .. Enumerable.Repeat("x", 1001)], "more than 1000 words or 131072 bytes"),
    ];

    [TestCaseSource(nameof(Good))]
    public void What_is_read_is_spelled_the_same(string[] words) =>
        Assert.That(RootOperations.Format(RootOperations.Parse([.. words])), Is.EqualTo(words));

    [TestCaseSource(nameof(Bad))]
    public void What_is_not_good_is_told(string[] words, string mistake) =>
        Assert.That(() => RootOperations.Parse([.. words]), Throws.TypeOf<RootOperationException>().With.Message.Contains(mistake));

    [Test]
    public void Every_operation_has_a_spelling_and_a_line_of_help()
    {
        var operations = typeof(RootOperation).GetNestedTypes(System.Reflection.BindingFlags.NonPublic).Where(type => !type.IsAbstract);
        var spelled = Good.Select(row => RootOperations.Parse([.. (string[])row.Arguments[0]!]).GetType()).Distinct();

        Assert.That(spelled, Is.EquivalentTo(operations));
        Assert.That(
            RootOperations.Help.Split('\n')
                .Select(line => line.Trim().Split(' ')[0]), Is.EqualTo(Good.Select(row => ((string[])row.Arguments[0]!)[0]).Distinct()));
    }

    [Test]
    public void What_can_not_be_read_is_not_spelled() =>
        Assert.That(() => RootOperations.Format(new RootOperation.Mount("../x")), Throws.TypeOf<RootOperationException>());

    [Test]
    public void Through_sudo_all_of_it_is_arguments_and_the_content_is_standard_input()
    {
        var access = (RootAccess.Sudo)RootAccess.ThroughSudo("/usr/bin/buildd-slave", "/etc/buildd.conf");

        var command = access.ToCommand(new RootOperation.Write("1", "/etc/x", 3), new byte[3]);

        Assert.That(command.ToString(), Is.EqualTo("sudo -n -- /usr/bin/buildd-slave root --config /etc/buildd.conf write 1 /etc/x 3"));
        Assert.That(command.StandardInput.Length, Is.EqualTo(3));
        Assert.That(command.KeepsStandardInputOpen, "its end means stop");
    }

    [Test]
    public void The_rule_for_sudo_names_the_user_the_program_and_the_file() =>
        Assert.That(
            RootProgram.SudoersRule("buildd", "/usr/bin/buildd-slave", "/etc/buildd/b.conf").Split('\n'),
            Has.Some.EqualTo("buildd ALL=(root:root) NOPASSWD:NOSETENV: /usr/bin/buildd-slave root --config /etc/buildd/b.conf *"));

    [TestCase("ALL ", "/usr/bin/x", "/etc/x")]
    [TestCase("%sudo", "/usr/bin/x", "/etc/x")]
    [TestCase("", "/usr/bin/x", "/etc/x")]
    [TestCase("buildd", "/usr/bin/x, ALL", "/etc/x")]
    [TestCase("buildd", "/usr/bin/*", "/etc/x")]
    [TestCase("buildd", "/usr/bin/x", "/etc/x\nme ALL=ALL")]
    [TestCase("buildd", "/usr/bin/x", "/etc/x?")]
    public void A_name_that_means_something_in_a_rule_is_not_put_into_one(string user, string program, string configuration) =>
        Assert.That(() => RootProgram.SudoersRule(user, program, configuration), Throws.TypeOf<RootOperationException>());

    [Test]
    public void An_account_is_found_by_its_whole_name()
    {
        string[] passwd =
            ["root:x:0:0:root:/root:/bin/sh", "buildd:x:2001:2501::/home/buildd:/bin/sh", "odd:x:-1:1::/:/bin/sh", "short:x:5"];

        Assert.That(UserAccount.Find("buildd", passwd), Is.EqualTo(new UserAccount("buildd", 2001, "/home/buildd") { GroupId = 2501 }));
        Assert.That(((string[])["build", "odd", "short", ""]).Select(name => UserAccount.Find(name, passwd)), Is.All.Null);
        Assert.That(UserAccount.Find("root")!.Id, Is.Zero);
    }
}
