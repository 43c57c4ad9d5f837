using Buildd.Debian.Packages;
using NUnit.Framework;

namespace Buildd.UnitTests.Debian.Packages;

[Parallelizable(ParallelScope.All)]
public sealed class MailPersonTests
{
    [TestCase("Jane Doe <jane@example.org>", "Jane Doe", "jane@example.org")]
    [TestCase("jane@example.org", "", "jane@example.org")]
    [TestCase("<jane@example.org>", "", "jane@example.org")]
    [TestCase("\"Doe, Jane\" <jane@example.org>", "Doe, Jane", "jane@example.org")]
    [TestCase("Jürgen \"jg\" Groß, Jr. <jg+x@example.org>", "Jürgen \"jg\" Groß, Jr.", "jg+x@example.org")]
    public void Names_and_addresses_are_told_apart(string text, string name, string address)
    {
        var person = MailPerson.Parse(text);

        Assert.That((person.Name, person.Address), Is.EqualTo((name, address)));
    }

    [TestCase("")]
    [TestCase("Jane Doe")]
    [TestCase("Jane <jane>")]
    [TestCase("Jane <@example.org>")]
    [TestCase("Jane <jane@>")]
    [TestCase("Jane <jane@a@b>")]
    [TestCase("Jane jane@example.org>")]
    [TestCase("Jane\nBcc: x@y <jane@example.org>")]
    [TestCase("Jane <jane@example.org\r\nBcc: x@y>")]
    [TestCase("Jane <jane@exa mple.org>")]
    [TestCase("Jane <a@b,c@d>")]
    [TestCase("Jane <-oQ/tmp@x>")]
    [TestCase("Jane <jürgen@example.org>")]
    [TestCase("\u202eJane <jane@example.org>")]
    public void What_is_no_address_is_refused(string text)
    {
        Assert.That(MailPerson.TryParse(text), Is.Null);
        Assert.That(() => MailPerson.Parse(text), Throws.InstanceOf<FormatException>());
    }

    [Test]
    public void Endless_names_are_refused() =>
        Assert.That(MailPerson.TryParse(new string('x', 201) + " <a@b>") ?? MailPerson.TryParse(new string('x', 400) + "@b"), Is.Null);
}
