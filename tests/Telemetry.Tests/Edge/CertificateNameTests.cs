using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Telemetry.Edge;
using Telemetry.Edge.Security.Certificates;

namespace Telemetry.Tests.Edge;

public sealed class CertificateNameTests
{
    [Theory]
    [InlineData("{cn}", "pump-7")]
    [InlineData("{CN}", "pump-7")]
    [InlineData("{ou}:{cn}", "line 3:pump-7")]
    [InlineData("{serialNumber}", "SN-1")]
    [InlineData("{dns}", "pump-7.plant.example")]
    [InlineData("{email}", "pump@plant.example")]
    [InlineData("{uri}", "urn:plant:pump-7")]
    [InlineData("{uri:spiffe://plant/device/}", "p7")]
    [InlineData("site-a.{cn}", "site-a.pump-7")]
    [InlineData("{o}", null)]
    [InlineData("{uri:spiffe://other/}", null)]
    public void Name_is_found_by_the_template(string template, string? expected)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=pump-7, OU=line 3, SERIALNUMBER=SN-1", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("pump-7.plant.example");
        names.AddEmailAddress("pump@plant.example");
        names.AddUri(new Uri("urn:plant:pump-7"));
        names.AddUri(new Uri("spiffe://plant/device/p7"));
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        new CertificateName(template).Of(certificate).ShouldBe(expected);
    }

    [Theory]
    [InlineData("pump")]
    [InlineData("{device}")]
    [InlineData("{cn}{x}")]
    public void Template_that_tells_no_devices_apart_is_refused(string template) =>
        Should.Throw<EdgeConfigurationException>(() => new CertificateName(template)).Message.ShouldContain(template);
}
