using Buildd.Daemon.Configuration;
using Buildd.UnitTests.Testing;
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

    [TestCase("100%")]
    [TestCase("%x")]
    [TestCase("%(other)")]
    [TestCase("%(other)d")]
    [TestCase("%(missing)s")]
    [TestCase("%()s")]
    [TestCase("%(key)s")]
    [TestCase("%(loop)s")]
    public void A_reference_that_leads_nowhere_is_named_with_file_section_and_key(string value)
    {
        var file = IniFile.Parse("test.conf", $"[s]\nkey = {value}\nother = x\nloop = %(key)s");

        Assert.That(
            () => file.Find("s", "key"),
            Throws.TypeOf<ConfigurationException>().With.Message.StartsWith("test.conf: [s] key: "));
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
            Assert.That(() => IniFile.Load(folder[name]), Throws.TypeOf<ConfigurationException>().With.Message.Contains(folder[name]), name);
    }
}
