using Buildd.Master.Mail;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Mail;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class MailTemplateTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public void Values_go_where_their_names_are_and_are_no_templates_themselves()
    {
        var template = MailTemplate.Parse("t", "Subject: a {x}\n\n{y} {{x} {x\n", ["x", "y"]);

        Assert.That(template.Fill(new Dictionary<string, string> { ["x"] = "{y}", ["y"] = "{x}" }), Is.EqualTo(("a {y}", "{x} {x} {x\n")));
    }

    [TestCase("", "does not begin with 'Subject: '")]
    [TestCase("Hello\n\nbody", "does not begin with 'Subject: '")]
    [TestCase("Subject: x\nbody", "does not begin with 'Subject: '")]
    [TestCase("Subject: {z}\n\nbody", "has {z} in it, and there are x, y")]
    [TestCase("Subject: x\n\n{z}", "has {z} in it")]
    public void What_is_wrong_with_a_template_is_said_when_it_is_read(string text, string message) =>
        Assert.That(
            () => MailTemplate.Parse("the-name", text, ["y", "x"]), Throws.InstanceOf<MailException>().With.Message.Contains(message)
                .And.Message.Contains("the-name"));

    [Test]
    public void An_installation_can_have_its_own_texts()
    {
        File.WriteAllText(_folder["rejection.txt"], "Subject: No!\n\n{findings}\n");

        var templates = MailTemplates.Load(_folder.Path);

        Assert.That(templates.Rejection.Fill(new Dictionary<string, string> { ["findings"] = "f" }), Is.EqualTo(("No!", "f\n")));
        Assert.That(templates.PackageBuild, Is.Not.Null);
    }

    [Test]
    public void A_text_of_an_installation_that_is_wrong_is_named()
    {
        File.WriteAllText(_folder["livefs-build.txt"], "Subject: {findings}\n\n");

        Assert.That(() => MailTemplates.Load(_folder.Path), Throws.InstanceOf<MailException>().With.Message.Contains("livefs-build.txt"));
    }
}
