using System.Text;
using Buildd.Protocol.Secrets;
using Buildd.Protocol.XmlRpc;
using Buildd.Testing.Runs;
using FsCheck.Fluent;
using NUnit.Framework;
using static Buildd.UnitTests.Testing.Properties;

namespace Buildd.UnitTests.Protocol.Secrets;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class BuildSecretsTests
{
    [TestCase("deb http://user:hunter2@host/ubuntu noble main", "hunter2")]
    [TestCase("deb [trusted=yes] https://:macaroon@host/", "macaroon")]
    [TestCase("http://user:a%2Fb%20c@host/", "a%2Fb%20c")]
    [TestCase("http://user:a%2Fb%20c@host/", "a/b c")]
    [TestCase("http://user:colon:inside@host/", "colon:inside")]
    [TestCase("http://user:sla/sh@host/", "sla/sh")]
    [TestCase("http://user:at@sign@host/", "at@sign")]
    [TestCase("'https://u:quoted@h/', 'https://u:second@h/'", "second")]
    [TestCase("https://ghp_0123456789abcdef@host/x.git", "ghp_0123456789abcdef")]
    [TestCase("https://ghp_0123456789abcdef:@host/x.git", "ghp_0123456789abcdef")]
    [TestCase("https://ghp_0123456789abcdef:x-oauth-basic@host/x.git", "ghp_0123456789abcdef")]
    [TestCase("svn+ssh://u:p\u00e4ssword@[::1]:80/", "p\u00e4ssword")]
    public void The_password_of_a_URL_anywhere_is_a_secret(string text, string secret)
    {
        var arguments = new XmlRpcStruct { ["archives"] = new XmlRpcArray([new XmlRpcStruct { ["x"] = text }]) };

        Assert.That(Sanitised(arguments, $"a {secret} b"), Is.EqualTo("a *** b"));
    }

    [TestCase("http://host/path")]
    [TestCase("http://host:8080/x and mail someone@there.example")]
    [TestCase("http://account@host/")]
    [TestCase("ssh://git@github.example:22/x")]
    [TestCase("http://account:@host/")]
    [TestCase("http://[fe80::1:abcd]/x@y")]
    [TestCase("http://:ab@host/")]
    [TestCase("://")]
    [TestCase("://@")]
    [TestCase("")]
    public void What_is_no_password_is_no_secret(string text)
    {
        var found = BuildSecrets.FromArguments(new XmlRpcStruct { ["archives"] = new XmlRpcArray([text]), ["number"] = 3 });

        Assert.That(found, Is.Empty);
    }

    [Test]
    public void A_password_that_is_too_short_is_left_to_the_rule_for_URLs_but_the_pair_is_not()
    {
        var arguments = new XmlRpcStruct { ["proxy_url"] = "http://user:abc@host/" };

        Assert.That(
            Sanitised(arguments, "abc http://user:abc@host/ user:abc " + Convert.ToBase64String("user:abc"u8).TrimEnd('=')),
            Is.EqualTo("abc http://host/ *** ***"));
    }

    [TestCase("password")]
    [TestCase("Proxy-Password")]
    [TestCase("MAVEN_TOKEN")]
    [TestCase("macaroon")]
    [TestCase("secret")]
    [TestCase("api-key")]
    [TestCase("cargo_auth")]
    public void What_stands_under_a_name_of_secrets_is_one(string name)
    {
        var arguments =
            new XmlRpcStruct { ["settings"] = new XmlRpcStruct { [name] = "hunter2\n", ["author"] = "somebody", ["tokens"] = "several" } };

        Assert.That(Sanitised(arguments, "hunter2 of somebody has several"), Is.EqualTo("*** of somebody has several"));
    }

    [Test]
    public void All_below_secrets_is_secret()
    {
        var arguments = new XmlRpcStruct
        {
            ["secrets"] = new XmlRpcStruct
            {
                ["one"] = "first-value",
                ["two"] = new XmlRpcArray(["second-value", "true", 12345, Encoding.ASCII.GetBytes("binary-value")]),
                ["key"] = "-----BEGIN-----\n  abcdefgh\n  ijklmnop\n",
            },
        };

        Assert.That(
            Sanitised(arguments, "first-value second-value binary-value true 12345 abcdefgh\nijklmnop"),
            Is.EqualTo("*** *** *** true 12345 ***\n***"));
    }

    [Test]
    public void Of_a_pair_that_authenticates_the_second_half_is_a_secret_too()
    {
        var arguments = new XmlRpcStruct { ["environment_variables"] = new XmlRpcStruct { ["CARGO_X_READ_AUTH"] = "user:hunter2" } };

        Assert.That(Sanitised(arguments, "Bearer hunter2, user:hunter2"), Is.EqualTo("Bearer ***, ***"));
    }

    [Test]
    [Category(LongRun.Category)]
    public void A_secret_is_found_in_any_base64_and_percent_encoding() => ForAll(
        from secret in Gen.Choose(0x20, 0x7e).Select(c => (char)c).ArrayOf().Select(chars => "s3" + new string(chars) + "cret")
        from before in Gen.Choose(0, 5)
        from after in Gen.Choose(0, 5)
        select (secret, before, after),
        row =>
        {
            var arguments = new XmlRpcStruct { ["password"] = row.secret };
            var secret = ((XmlRpcString)arguments["password"]).Value.Trim();
            var whole = new string('u', row.before) + secret + new string('v', row.after);
            var base64 = Convert.ToBase64String(Encoding.UTF8.GetBytes(whole));
            foreach (var text in (string[])
                [
                    whole, Uri.EscapeDataString(whole), base64, base64.Replace('+', '-').Replace('/', '_'), base64.TrimEnd('='),
                    $"'{whole.Replace("'", "'\"'\"'", StringComparison.Ordinal)}'",
                ])
            {
                var output = Sanitised(arguments, text);
                Assert.That(output, Does.Contain("***"), text);
                // Of base64 the characters at either end stay that belong to what stands beside the secret.
                Assert.That(
                    output.Replace("***", "", StringComparison.Ordinal).Length, Is.LessThanOrEqualTo(row.before + row.after + 8), text);
            }
        });

    [Test]
    public void Basic_credentials_leave_nothing_of_the_pair()
    {
        var arguments = new XmlRpcStruct { ["proxy_url"] = "http://buildd:hunter2@proxy:3128/" };

        Assert.That(
            Sanitised(arguments, "Authorization: Basic " + Convert.ToBase64String("buildd:hunter2"u8)).TrimEnd('='),
            Is.EqualTo("Authorization: Basic ***"));
    }

    [Test]
    public void Too_many_secrets_are_refused_with_their_number()
    {
        var arguments = new XmlRpcStruct
        {
            ["secrets"] = new XmlRpcArray(Enumerable.Range(0, BuildSecrets.MaxSecrets + 1).Select(i => (XmlRpcValue)$"secret{i}")),
        };

        Assert.That(
            () => BuildSecrets.FromArguments(arguments), Throws.TypeOf<TooManySecretsException>().With.Message.Contains("1001 secrets"));
    }

    [Test]
    public void Secrets_that_are_too_long_are_refused_with_their_length()
    {
        var arguments = new XmlRpcStruct { ["secret"] = new string('x', BuildSecrets.MaxSecretBytes + 1) };

        Assert.That(
            () => BuildSecrets.FromArguments(arguments), Throws.TypeOf<TooManySecretsException>().With.Message.Contains("262145 bytes"));
    }

    [Test]
    public void Nothing_in_a_public_build_is_a_secret()
    {
        var arguments = new XmlRpcStruct
        {
            ["archives"] = new XmlRpcArray(["deb http://deb.debian.org/debian bookworm main"]),
            ["series"] = "bookworm",
        };

        Assert.That(BuildSecrets.FromArguments(arguments), Is.Empty);
    }

    private static string Sanitised(XmlRpcStruct arguments, string text)
    {
        var sanitiser = new LogSanitiser(BuildSecrets.FromArguments(arguments));
        return Encoding.UTF8.GetString(sanitiser.Process(Encoding.UTF8.GetBytes(text), isLast: true));
    }
}
