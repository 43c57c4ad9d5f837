using Buildd.Daemon.Configuration;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Daemon.Configuration;

[Parallelizable(ParallelScope.All)]
public sealed class IniFileTests
{
    [TestCase("[s]\nkey = value", "value")]
    [TestCase("[s]\nkey=value", "value")]
    [TestCase("[s]\nkey: value", "value")]
    [TestCase("[s]\nkey : value", "value")]
    [TestCase("[s]\r\nkey = value\r\n", "value")]
    [TestCase("[s]\nKEY = value", "value")]
    [TestCase("[s]\nkey = a = b : c", "a = b : c")]
    [TestCase("[s]\nkey : a = b", "a = b")]
    [TestCase("[s]\nkey =", "")]
    [TestCase("[s]\nkey = \"quoted\"", "\"quoted\"")]
    [TestCase("[s]\nkey = value # not a comment", "value # not a comment")]
    [TestCase("# a comment\n; another\n[s]\n  # indented\n\nkey = value", "value")]
    [TestCase("[s]\n  key = value", "value")]
    [TestCase("[s]\nkey = one\n  two\n\tthree", "one\ntwo\nthree")]
    [TestCase("[s]\nkey = one\n  # between\n  two", "one\ntwo")]
    [TestCase("[s]\nkey =\n  one", "\none")]
    [TestCase("[s]\nkey = one\nother = two", "one")]
    [TestCase("[s]\nkey = 100%%", "100%")]
    [TestCase("[s]\nkey = %%(other)s\nother = x", "%(other)s")]
    [TestCase("[s]\nkey = a%(other)sb%(OTHER)s\nother = x", "axbx")]
    [TestCase("[s]\nkey = %(b)s\nb = %(c)s\nc = end", "end")]
    [TestCase("[other]\nkey = 1\n[s]\nkey = 2\n[third]\nkey = 3", "2")]
    [TestCase("[S]\nkey = 1\n[s]\nkey = 2", "2")]
    [TestCase("[s] what follows is not looked at\nkey = value", "value")]
    [TestCase("[s]", null)]
    [TestCase("", null)]
    [TestCase("[S]\nkey = value", null)]
    public void A_value_is_read(string text, string? value) =>
        Assert.That(IniFile.Parse("test.conf", text).Find("s", "key"), Is.EqualTo(value));

    [TestCase("key = value", 1, "before the first section")]
    [TestCase("# comment\n\nkey = value", 3, "before the first section")]
    [TestCase("[s]\nnonsense", 2, "neither")]
    [TestCase("[s]\n= value", 2, "neither")]
    [TestCase("[s]\n: value", 2, "neither")]
    [TestCase("[]", 1, "a section needs a name")]
    [TestCase("\n[s", 2, "a section needs a name")]
    [TestCase("[s]\n[s]", 2, "the section [s] is there twice")]
    [TestCase("[s]\nkey = 1\nKey = 2", 3, "the key 'Key' is there twice")]
    public void A_line_that_is_none_is_named_with_its_file(string text, int line, string reason) =>
        Assert.That(
            () => IniFile.Parse("test.conf", text),
            Throws.TypeOf<ConfigurationException>().With.Message.StartsWith($"test.conf: line {line}: ").And.Message.Contains(reason));

    [Test]
    public void All_lines_that_are_none_are_told_at_once()
    {
        var message = Assert.Throws<ConfigurationException>(
            () => IniFile.Parse("test.conf", "x = 1\n[]\nkey = 1\nnonsense\n[s]\nkey = 1\nkey = 2\n"))!.Message;

        Assert.That(
            message.Split('\n').Select(line => line.Split(':')[1].Trim()), Is.EqualTo(new[] { "line 1", "line 2", "line 4", "line 7" }));
    }

    [Test]
    public void A_file_of_something_else_does_not_fill_the_screen()
    {
        var message = Assert.Throws<ConfigurationException>(
            () => IniFile.Parse("test.conf", string.Concat(Enumerable.Repeat("garbage\n", 5000))))!.Message;

        Assert.That(message.Split('\n'), Has.Length.EqualTo(21));
        Assert.That(message, Does.EndWith("and 4980 more lines"));
    }

    [Test]
    public void Keys_of_DEFAULT_are_every_sections_unless_it_has_them_itself()
    {
        var file = IniFile.Parse(
            "test.conf",
            "[DEFAULT]\nroot = /tmp\nport = 1\n[a]\ncache = %(ROOT)s/cache\nport = 2\n[b]\nroot = /b\nx = %(root)s\n");

        Assert.That(
            (file.Find("a", "root"), file.Find("a", "cache"), file.Find("a", "port"), file.Find("b", "port"), file.Find("b", "x")),
            Is.EqualTo(("/tmp", "/tmp/cache", "2", "1", "/b")));
        Assert.That(file.HasSection("DEFAULT"), Is.False);
        Assert.That(file.Keys.Select(key => key.Section), Does.Not.Contain("DEFAULT"), "no section has to know all of them");
    }

    [Test]
    public void Keys_are_told_with_their_lines() =>
        Assert.That(
            IniFile.Parse("test.conf", "[a]\nOne = 1\n  more\n\n[b]\n; no\ntwo: 2").Keys,
            Is.EqualTo(new[] { new IniKey("a", "One", 2), new IniKey("b", "two", 7) }));

    [TestCase("100%")]
    [TestCase("%x")]
    [TestCase("%(other)")]
    [TestCase("%(other)d")]
    [TestCase("%(missing)s")]
    [TestCase("%()s")]
    [TestCase("%(key)s")]
    [TestCase("%(loop)s")]
    public void A_reference_that_leads_nowhere_is_named_with_file_line_section_and_key(string value)
    {
        var file = IniFile.Parse("test.conf", $"[s]\nkey = {value}\nother = x\nloop = %(key)s");

        Assert.That(
            () => file.Find("s", "key"),
            Throws.TypeOf<ConfigurationException>().With.Message.StartsWith("test.conf: line 2: [s] key: "));
    }

    [Test]
    public void Sections_can_be_asked_for()
    {
        var file = IniFile.Parse("test.conf", "[builder]");

        Assert.That(file.HasSection("builder"));
        Assert.That(file.HasSection("Builder"), Is.False);
    }

    [Test]
    public void A_file_is_loaded_with_or_without_a_byte_order_mark()
    {
        using var folder = new TemporaryDirectory();
        File.WriteAllText(folder["a"], "\uFEFF[s]\nkey = Grüße");

        Assert.That(IniFile.Load(folder["a"]).Find("s", "key"), Is.EqualTo("Grüße"));
    }

    [Test]
    public void A_file_that_can_not_be_read_is_named()
    {
        using var folder = new TemporaryDirectory();
        File.WriteAllText(folder["large"], new string('#', (1024 * 1024) + 1));

        foreach (var name in (string[])["none", "none/below", ".", "large"])
            Assert.That(
                () => IniFile.Load(folder[name]), Throws.TypeOf<ConfigurationException>().With.Message.Contains(folder[name]), name);
    }
}
